import { expect, test } from "vitest";
import { addressOf, incidentOf, placeOf } from "../console/places.ts";

test("an address names a place, and an incident that can be opened again", () => {
  expect(placeOf("#/orders")).toBe("orders");
  expect(placeOf("#/incidents/inc-1")).toBe("incidents");
  expect(incidentOf(addressOf("incidents", "a/b %"))).toBe("a/b %");
  expect([addressOf("incidents", null), addressOf("orders", "inc-1")]).toEqual(["#/incidents", "#/orders"]);
  for (const hash of ["", "#/", "#/incidents", "#/incidents/", "#/orders/ord-1", "#/incidents/%E0%A4%A"])
    expect(incidentOf(hash), hash).toBeNull();
});

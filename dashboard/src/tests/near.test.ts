import { expect, test } from "vitest";
import { joined, nearQuery, wallTime } from "../live/near.ts";
import type { Near } from "../live/types.ts";

const seen = (device: string, distance_m: number): Near["seen"][number] => ({
  device,
  role: "wearer",
  person: null,
  at: "2026-11-25T02:10:00Z",
  distance_m,
  uncertainty_m: 20,
  certainty: "likely",
  how: "fix",
});

test("a question names the place in whatever order it was written, and the moment in the service's time", () => {
  const asked = { where: "5.1214, 52.0907", radius_m: 400, at: wallTime(1_790_000_000_000), within_s: 900 };
  const query = nearQuery(asked);
  expect(query?.get("lat")).toBe("52.0907");
  expect(query?.get("lon")).toBe("5.1214");
  // To the minute, whatever the time zone of this machine is.
  expect(Date.parse(query?.get("at") ?? "")).toBe(Math.floor(1_790_000_000_000 / 60_000) * 60_000);
  expect([query?.get("radius_m"), query?.get("within_s")]).toEqual(["400", "900"]);
  expect(nearQuery({ ...asked, where: "Coolsingel" })).toBeNull();
  expect(nearQuery({ ...asked, at: "" })).toBeNull();
});

test("the parts of an answer are joined: each device where it was nearest", () => {
  const first: Near = { seen: [seen("a", 300), seen("b", 50)], looked_at: 10, not_looked_at: [], next: "c" };
  const rest = [{ what: "not_arrived_yet", count: null }];
  const second: Near = {
    seen: [seen("a", 20), seen("b", 90)],
    looked_at: 5,
    not_looked_at: rest,
    next: null,
  };
  const both = joined(first, second);
  expect(both.seen.map(({ device, distance_m }) => [device, distance_m])).toEqual([
    ["a", 20],
    ["b", 50],
  ]);
  expect([both.looked_at, both.next, both.not_looked_at]).toEqual([15, null, rest]);
});

import { describe, expect, test } from "vitest";
import { Refused } from "../live/api.ts";
import { type Ground, Waking } from "../victim/waking.svelte.ts";

const KEY = "BAECAwQ";
const KEY_BYTES = Uint8Array.from([4, 1, 2, 3, 4]);

interface Scene {
  /** What the service answers to a question; each further one the last again. */
  offers?: { on: boolean; public_key: string | null; browsers: number }[];
  permission?: NotificationPermission;
  /** What she says when she is asked. */
  says?: NotificationPermission;
  /** The key that a subscription is bound to that is there already. */
  bound?: Uint8Array;
  subscribing?: Error;
  sending?: Refused;
  worker?: boolean;
}

/** A service and a browser, and all that was said to either. */
function scene({
  offers,
  permission = "default",
  says = "granted",
  bound,
  subscribing,
  sending,
  worker = true,
}: Scene) {
  const said: string[] = [];
  const answers = [...(offers ?? [{ on: true, public_key: KEY, browsers: 1 }])];
  const subscription = (key: Uint8Array) => ({
    endpoint: `https://push.example/${key.length}`,
    options: { applicationServerKey: key.buffer },
    toJSON: () => ({ endpoint: `https://push.example/${key.length}` }),
    unsubscribe: async () => {
      said.push("unsubscribe");
      there = null;
      return true;
    },
  });
  let there = bound ? subscription(bound) : null;
  const pushManager = {
    getSubscription: async () => there,
    subscribe: async ({ applicationServerKey, userVisibleOnly }: PushSubscriptionOptionsInit) => {
      said.push(`subscribe ${userVisibleOnly}`);
      if (subscribing) throw subscribing;
      there = subscription(applicationServerKey as Uint8Array);
      return there;
    },
  };
  const ground: Ground = {
    worker: async () => (worker ? { pushManager: pushManager as unknown as PushManager } : undefined),
    permission: () => permission,
    ask: async () => {
      said.push("ask");
      permission = says;
      return says;
    },
  };
  const read = async (): Promise<never> => {
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    if (!answer) throw new Refused(0, "no answer");
    return answer as never;
  };
  const send = async (method: string, _: string, body?: unknown): Promise<never> => {
    said.push(`${method} ${body ? (body as { endpoint: string }).endpoint : "all"}`);
    if (sending) throw sending;
    return undefined as never;
  };
  return { said, waking: new Waking({ read, send }, ground) };
}

describe("before she does anything", () => {
  test.each([
    ["the service is not set up for it", { offers: [{ on: false, public_key: null, browsers: 0 }] }, "unset"],
    ["the service cannot be asked", { offers: [] }, "failed"],
    ["the browser cannot", { worker: false }, "unable"],
    ["she said no before", { permission: "denied" as const }, "denied"],
    ["she never turned it on", {}, "off"],
  ])("%s: it is said, and nothing is asked of her", async (_, given: Scene, state) => {
    const { said, waking } = scene(given);
    await waking.look();
    expect([waking.state, said]).toEqual([state, []]);
  });

  test("a browser that was woken before says so again", async () => {
    const { said, waking } = scene({ permission: "granted", bound: KEY_BYTES });
    await waking.look();
    expect([waking.state, said]).toEqual(["on", ["POST https://push.example/5"]]);
  });

  test("one that is bound to a key of before is bound anew", async () => {
    const { said, waking } = scene({ permission: "granted", bound: Uint8Array.from([4, 9]) });
    await waking.look();
    expect([waking.state, said]).toEqual([
      "on",
      ["unsubscribe", "subscribe true", "POST https://push.example/5"],
    ]);
  });
});

describe("her press", () => {
  test("asks, subscribes and tells the service, in this order", async () => {
    const { said, waking } = scene({});
    await waking.look();
    await waking.turnOn();
    expect([waking.state, said]).toEqual(["on", ["ask", "subscribe true", "POST https://push.example/5"]]);
    await waking.turnOff();
    expect([waking.state, said.slice(3)]).toEqual(["off", ["unsubscribe", "DELETE https://push.example/5"]]);
  });

  test.each([
    ["she says no", { says: "denied" as const }, "denied"],
    ["she looks away", { says: "default" as const }, "off"],
    ["there is no push service", { subscribing: new Error("Registration failed") }, "failed"],
    ["the service does not take it", { sending: new Refused(503, "busy") }, "failed"],
  ])("%s: it is said", async (_, given: Scene, state) => {
    const { waking } = scene(given);
    await waking.look();
    await waking.turnOn();
    expect(waking.state).toBe(state);
  });

  test("works when the service could not be asked at first", async () => {
    const { waking } = scene({ offers: [] });
    await waking.look();
    await waking.turnOn();
    expect(waking.state).toBe("failed");
    const later = scene({});
    await later.waking.turnOn();
    expect(later.waking.state).toBe("on");
  });

  test("turns it off although the service does not answer", async () => {
    const { said, waking } = scene({
      permission: "granted",
      bound: KEY_BYTES,
      sending: new Refused(0, "no answer"),
    });
    await waking.turnOff();
    expect(said).toEqual(["unsubscribe", "DELETE https://push.example/5"]);
  });

  test("leaves only this telephone woken when she says so", async () => {
    const many = { on: true, public_key: KEY, browsers: 3 };
    const { said, waking } = scene({
      permission: "granted",
      bound: KEY_BYTES,
      offers: [many, many, { ...many, browsers: 1 }],
    });
    await waking.look();
    expect(waking.browsers).toBe(3);
    await waking.onlyHere();
    expect([waking.browsers, said.slice(1)]).toEqual([1, ["DELETE all", "POST https://push.example/5"]]);
  });
});

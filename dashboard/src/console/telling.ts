// How an incident is told in a line: who, and the one figure that matters most.
import type { Silences } from "../live/centre.svelte.ts";
import { type Figure, FRESH_S } from "../live/figure.ts";
import { isMass, isResolved } from "../live/shown.ts";
import type { Incident, Measured } from "../live/types.ts";
import { metres, roundMetres, say, span, speed, word } from "../words/language.svelte.ts";

/** Whom it is about; `silent` is how many are silent, of a silence of many. */
export function people(incident: Incident, silent?: number): string {
  if (isMass(incident)) {
    const n = silent || incident.latest?.devices;
    return n ? say("mass.title", { n }) : say("mass.name");
  }
  const { victim, zone } = incident;
  const wearer = incident.wearer ?? "–";
  if (incident.kind === "aware") return victim ?? wearer;
  return victim || zone ? `${wearer} → ${victim ?? zone}` : wearer;
}

const isNumber = (value: unknown): value is number => typeof value === "number" && Number.isFinite(value);

/** The closing speed in words; below half a metre a second nobody approaches. */
export function closing({ closing_mps: mps }: Pick<Figure, "closing_mps">): string {
  if (!isNumber(mps) || Math.abs(mps) < 0.5) return "";
  return say(mps > 0 ? "alert.closes" : "alert.leaves", { speed: speed(Math.abs(mps)) });
}

/** A distance as it is said of the kind: to a zone's edge it is inside or outside. */
export function distance(
  incident: Pick<Incident, "kind">,
  { distance_m: m }: Pick<Measured, "distance_m">,
): string {
  if (!isNumber(m)) return "";
  if (incident.kind === "exclusion_zone" || incident.kind === "inclusion_zone") {
    return m < 0 ? say("alert.inside", { m: metres(-m) }) : say("alert.toEdge", { m: metres(m) });
  }
  return metres(Math.max(0, m));
}

/** To whom the distance of an incident is that is not about a distance. */
export function towards({ kind }: Pick<Incident, "kind">): string {
  if (kind === "aware") return say("alert.toWearer");
  return ["tamper", "silence", "jamming"].includes(kind) ? say("alert.toVictim") : "";
}

/** How old a figure is, where that is worth saying. */
const howOld = ({ age_s }: Figure): string =>
  age_s !== null && age_s > FRESH_S ? say("alert.ago", { age: span(age_s) }) : "";

/** The figure that matters most, and what else there is to say of it, by importance: a list shows as much as fits. */
export function headline(
  incident: Incident,
  figure: Figure,
  many?: Silences,
): { main: string; more: string[] } {
  const far = distance(incident, figure);
  const sure = word("certainty", incident.certainty);
  if (isResolved(incident))
    return {
      main: word("state", "resolved"),
      more: incident.outcome ? [word("outcome", incident.outcome)] : [],
    };
  if (incident.level === "clear") return { main: say("alert.over"), more: some(far, howOld(figure)) };
  if (incident.kind === "victim_proximity" && incident.level === "warning" && figure.contact_s !== null) {
    return { main: span(figure.contact_s), more: some(far, closing(figure), sure) };
  }
  if (many)
    return {
      main: say("mass.silent", { n: many.silent }),
      more: many.back ? [say("mass.backAgain", { n: many.back })] : [],
    };
  if (far) return { main: far, more: some(howOld(figure), towards(incident), closing(figure), sure) };
  // Who cries for help is a person, not a device.
  if (incident.kind === "aware") return { main: people(incident), more: [say("alert.unknownNear")] };
  return {
    main: incident.device ?? "",
    more: incident.desk ? [say("alert.desk", { desk: incident.desk })] : [],
  };
}

const some = (...texts: string[]): string[] => texts.filter(Boolean);

/** A ring or a limit. */
export const limit = (m: number): string => roundMetres(m);

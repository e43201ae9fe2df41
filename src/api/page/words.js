// What a reader reads: Dutch first, English second.
const words = {
  nl: {
    skip: "Naar de incidenten", leave: "Uitloggen", token: "Token", enter: "Inloggen",
    incidents: "Incidenten", devices: "Toestellen",
    state: "Toestand", device: "Toestel", person: "Persoon", seen: "Laatste positie", sure: "Onzekerheid",
    alarm: "ALARM", warning: "Waarschuwing", clear: "Opgeheven", unknown: "Onbekend",
    exclusion_zone: "Locatieverbod", inclusion_zone: "Locatiegebod", victim_proximity: "Nabij slachtoffer",
    aware: "AWARE-knop", tamper: "Sabotage", silence: "Geen contact met toestel", battery: "Batterij",
    jamming: "Storing van ontvangst", order_expiry: "Bevel loopt af", follow_up: "Opvolging",
    certain: "zeker", likely: "waarschijnlijk", possible: "mogelijk",
    wearer: "drager", victim: "slachtoffer", zone: "zone", order: "Bevel", desk: "Meldkamer", reason: "Reden",
    incident: "Incident", number: "Melding nr.", raised: "Gemeld om", fixed: "Positie van", closing: "Nadert met",
    supervising_officer: "Toezichthouder", case_coordinator: "Casusregisseur", victim_contact: "Contact slachtoffer",
    late: "achteraf vastgesteld", arrest: "aanhouding op heterdaad mogelijk",
    distance: "afstand", contact: "alarmafstand over", ago: "geleden", never: "nooit",
    live: "LIVE", connecting: "Verbinden…", lost: "GEEN VERBINDING", closed: "Niet ingelogd",
    sign: "laatste teken", old: "Wat hieronder staat is OUD. Opnieuw verbinden…", first: "nog niets ontvangen",
    refused: "Dit token wordt niet geaccepteerd.", forbidden: "Dit token mag de meldingen niet zien.",
    nothing: "Geen open incidenten.", loading: "Incidenten worden opgehaald…", unread: "De lijst met incidenten kan niet worden opgehaald: zij kan onvolledig zijn.",
    heard: "Gezien", aged: "Oud", silent: "Stil", unheard: "Nooit gehoord", unreadable: "Onleesbaar",
    offline: "Offline", noDevices: "Deze rol ziet geen toestellen.", devicesUnread: "De toestellen kunnen niet worden opgehaald; deze lijst is oud.",
    shown: "getoond, langst niet gezien eerst", of: "van", more: "of meer",
    other: "English", otherLang: "en", s: "s", min: "min", h: "u", d: "d", ahead: "klok toestel loopt voor",
  },
  en: {
    skip: "To the incidents", leave: "Log out", token: "Token", enter: "Log in",
    incidents: "Incidents", devices: "Devices",
    state: "State", device: "Device", person: "Person", seen: "Last position", sure: "Uncertainty",
    alarm: "ALARM", warning: "Warning", clear: "Cleared", unknown: "Unknown",
    exclusion_zone: "Exclusion zone", inclusion_zone: "Inclusion zone", victim_proximity: "Near victim",
    aware: "AWARE button", tamper: "Tampering", silence: "No contact with device", battery: "Battery",
    jamming: "Jamming", order_expiry: "Order expires", follow_up: "Follow-up",
    certain: "certain", likely: "likely", possible: "possible",
    wearer: "wearer", victim: "victim", zone: "zone", order: "Order", desk: "Control room", reason: "Reason",
    incident: "Incident", number: "Alert no.", raised: "Raised at", fixed: "Position of", closing: "Closing at",
    supervising_officer: "Supervising officer", case_coordinator: "Case coordinator", victim_contact: "Victim contact",
    late: "found afterwards", arrest: "arrest on the spot possible",
    distance: "distance", contact: "alarm distance in", ago: "ago", never: "never",
    live: "LIVE", connecting: "Connecting…", lost: "NO CONNECTION", closed: "Not logged in",
    sign: "last sign", old: "What stands below is OLD. Connecting again…", first: "nothing received yet",
    refused: "This token is not accepted.", forbidden: "This token may not see the alerts.",
    nothing: "No open incidents.", loading: "Fetching the incidents…", unread: "The list of incidents cannot be fetched: it may be incomplete.",
    heard: "Seen", aged: "Old", silent: "Silent", unheard: "Never heard", unreadable: "Unreadable",
    offline: "Offline", noDevices: "This role sees no devices.", devicesUnread: "The devices cannot be fetched; this list is old.",
    shown: "shown, longest unseen first", of: "of", more: "or more",
    other: "Nederlands", otherLang: "nl", s: "s", min: "min", h: "h", d: "d", ahead: "device clock runs ahead",
  },
};

let language = sessionStorage.getItem("language") === "en" ? "en" : "nl";

export const word = (key) => words[language][key] ?? key;
export const has = (key) => key in words[language];
const locale = () => (language === "nl" ? "nl-NL" : "en-GB");
export const currentLanguage = () => language;

export function toggleLanguage() {
  language = language === "nl" ? "en" : "nl";
  sessionStorage.setItem("language", language);
}

/** A span of seconds in the two largest units that matter. */
export function span(seconds) {
  const s = Math.max(0, Math.floor(seconds));
  const two = (n) => String(n).padStart(2, "0");
  if (s < 60) return `${s} ${word("s")}`;
  if (s < 3600) return `${Math.floor(s / 60)} ${word("min")} ${two(s % 60)} ${word("s")}`;
  if (s < 86400) return `${Math.floor(s / 3600)} ${word("h")} ${two(Math.floor(s / 60) % 60)} ${word("min")}`;
  return `${Math.floor(s / 86400)} ${word("d")} ${Math.floor(s / 3600) % 24} ${word("h")}`;
}

/** Metres as people say them. */
export function metres(m) {
  const number = (n, digits) => n.toLocaleString(locale(), { maximumFractionDigits: digits });
  return Math.abs(m) < 1000 ? `${number(m, 0)} m` : `${number(m / 1000, 1)} km`;
}

/** A moment as a clock shows it here; with the day when that is not today. */
export function clock(text) {
  const at = new Date(text);
  const today = at.toDateString() === new Date().toDateString();
  const day = today ? {} : { day: "2-digit", month: "short" };
  return at.toLocaleString(locale(), { hour: "2-digit", minute: "2-digit", second: "2-digit", ...day });
}

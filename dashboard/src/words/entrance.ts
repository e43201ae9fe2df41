// What a console says at its door and in its frame: signing in, the lock, the header. A part of the dictionary.
export const entrance = {
  "login.intro": ["Console van het monitoringcentrum", "Console of the monitoring centre"],
  "login.token": ["Token", "Token"],
  "login.enter": ["Inloggen", "Sign in"],
  "login.leave": ["Uitloggen", "Sign out"],
  "login.provider": ["Inloggen", "Sign in"],
  "login.again": ["Opnieuw inloggen", "Sign in again"],
  "login.byToken": ["Met een token", "By token"],
  "login.link": [
    "Open de link uit de terminal van de demonstratie in deze browser. Hij werkt één keer.",
    "Open the link in the demonstration's terminal in this browser. It works once.",
  ],
  "login.ask": ["Toon daar een nieuwe link", "Show a new link there"],
  "login.asked.shown": ["De link staat in de terminal.", "The link is in the terminal."],
  "login.asked.soon": ["Er staat er al een; wacht even.", "There is one already; wait a moment."],
  "login.asked.failed": ["Dat is niet gelukt.", "That did not work."],
  "login.refused.token": [
    "Dit token wordt niet (meer) geaccepteerd.",
    "This token is not accepted (any more).",
  ],
  "login.refused.role": ["Dit token mag de meldingen niet zien.", "This token may not see the alerts."],

  "gate.lock": ["Vergrendelen", "Lock"],
  "gate.locked": ["Vergrendeld", "Locked"],
  "gate.text.locked": [
    "Alarmen worden geteld, en klinken als het geluid aan staat. Wat u schreef staat er nog.",
    "Alarms are counted, and ring while the sound is on. What you wrote is still there.",
  ],
  "gate.ended": ["Uw sessie is afgelopen", "Your session has ended"],
  "gate.text.anew": [
    "Alarmen worden geteld, en klinken als het geluid aan staat.",
    "Alarms are counted, and ring while the sound is on.",
  ],
  "gate.text.ended": [
    "Nieuwe meldingen komen hier niet aan tot u weer bent ingelogd. Wat u schreef staat er nog.",
    "New alerts do not arrive here until you have signed in again. What you wrote is still there.",
  ],
  "gate.alarmsThen": ["Open alarmen om {at}: {n}", "Open alarms at {at}: {n}"],
  "gate.alarms": ["Open alarmen: {n}", "Open alarms: {n}"],

  "header.places": ["Onderdelen", "Places"],
  "header.counts": ["Open incidenten", "Open incidents"],
  "header.lag": ["achterstand {s}", "delay {s}"],
  "header.lagHint": [
    "Van de beslissing over de laatste melding tot zij hier stond",
    "From the decision about the last alert until it stood here",
  ],
  "header.menu": ["Menu", "Menu"],
  "theme.light": ["Lichte weergave", "Light theme"],
  "theme.dark": ["Donkere weergave", "Dark theme"],

  "place.incidents": ["Incidenten", "Incidents"],
  "place.orders": ["Bevelen", "Orders"],
  "place.devices": ["Toestellen", "Devices"],
  "place.lookup": ["Opzoeken", "Look up"],
  "place.health": ["Dienst", "Service"],
} as const satisfies Record<string, readonly [nl: string, en: string]>;

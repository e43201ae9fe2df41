// What she reads: short, plain, and never more certain than what is known. Dutch first, English second.
export const dictionary = {
  "face.alarm": ["Alarm", "Alarm"],
  "face.warning": ["Let op", "Take care"],
  "face.clear": ["Voorbij", "Over"],
  "face.protected": ["U bent beschermd", "You are protected"],
  "face.limited": ["Beperkt beschermd", "Limited protection"],
  "face.unprotected": ["Niet beschermd", "Not protected"],
  "face.unknown": ["Bescherming onbekend", "Protection unknown"],

  "state.protected": [
    "Uw device en de enkelband werken. De afstand wordt bewaakt.",
    "Your device and the ankle monitor work. The distance is watched.",
  ],
  "state.limited": [
    "De bewaking werkt minder goed dan het hoort.",
    "The watch works less well than it should.",
  ],
  "state.unprotected": [
    "Reken nu niet op een waarschuwing. Ga naar een plek waar u zich veilig voelt.",
    "Do not count on a warning now. Go to a place where you feel safe.",
  ],
  "state.none": [
    "De dienst heeft nog niets over uw bescherming gezegd. Reken nu niet op een waarschuwing.",
    "The service has not said anything about your protection yet. Do not count on a warning now.",
  ],
  "state.first": ["Een ogenblik…", "One moment…"],
  "state.connecting": ["Verbinding maken met de dienst…", "Connecting to the service…"],
  "state.lost": [
    "Geen contact met de dienst sinds {at}. Reken nu niet op een waarschuwing van deze pagina.",
    "No contact with the service since {at}. Do not count on a warning from this page now.",
  ],
  "state.never": [
    "Deze pagina heeft nog geen contact met de dienst gehad. Kijk of uw telefoon internet heeft.",
    "This page has had no contact with the service yet. See whether your telephone is online.",
  ],
  "state.lostAdvice": [
    "Houd uw device bij u. Kijk of uw telefoon internet heeft.",
    "Keep your device with you. See whether your telephone is online.",
  ],
  "state.since": ["Sinds {at}", "Since {at}"],

  "reason.wearer_device_silent": [
    "De enkelband meldt zich niet. Wij zoeken dat uit; wees extra alert.",
    "The ankle monitor does not report. We look into it; be extra alert.",
  ],
  "reason.wearer_device_unseen": [
    "De enkelband heeft zich nog niet gemeld. Wij zoeken dat uit; wees extra alert.",
    "The ankle monitor has not reported yet. We look into it; be extra alert.",
  ],
  "reason.wearer_position_vague": [
    "De enkelband weet niet goed waar hij is. Een waarschuwing kan later komen.",
    "The ankle monitor does not know well where it is. A warning may come later.",
  ],
  "reason.wearer_device_tampered": [
    "Er is iets met de enkelband. Wij zoeken dat uit; wees extra alert.",
    "Something is the matter with the ankle monitor. We look into it; be extra alert.",
  ],
  "reason.wearer_device_parted": [
    "De enkelband mist een onderdeel dat erbij hoort. Wij zoeken dat uit.",
    "The ankle monitor is apart from what belongs to it. We look into it.",
  ],
  "reason.distance_uncertain": [
    "De afstand is op dit moment niet zeker. Wees extra alert.",
    "The distance is not certain at the moment. Be extra alert.",
  ],

  "alert.at": ["om {at}", "at {at}"],
  "alert.late": ["kwam laat binnen", "came in late"],
  "alert.steps": ["Wat u nu doet", "What to do now"],
  "alert.done": ["Wat er is gedaan", "What was done"],
  "alert.confirm": ["Ik heb dit gezien", "I have seen this"],
  "alert.confirmed": ["U hebt dit gezien", "You have seen this"],
  "alert.dismiss": ["Begrepen", "Understood"],
  "alert.closed": ["De centrale heeft dit afgesloten", "The monitoring centre has closed this"],
  "alert.closedAdvice": [
    "U hoeft nu niets te doen. Voelt u zich niet veilig, bel dan.",
    "You need not do anything now. If you do not feel safe, call.",
  ],
  "alert.lost": [
    "Geen contact met de dienst sinds {at}. Dit stond er toen; het kan veranderd zijn.",
    "No contact with the service since {at}. This is how it stood then; it may have changed.",
  ],
  "alert.others": ["Ook gemeld", "Also reported"],

  "call.label": ["Bellen", "Call"],
  "call.112": ["Bel 112", "Call 112"],
  "call.someone": ["Bel {name}", "Call {name}"],

  "line.live": ["Verbonden", "Connected"],
  "line.checked": ["laatst gecontroleerd {at}", "last checked {at}"],
  "line.lost": ["Geen contact sinds {at}", "No contact since {at}"],
  "line.ago": ["{age} geleden", "{age} ago"],
  "line.never": ["Nog geen contact", "No contact yet"],

  "aware.name": ["AWARE", "AWARE"],
  "aware.testName": ["TEST AWARE", "TEST AWARE"],
  "aware.label": [", noodknop: houd twee seconden ingedrukt", ", panic button: hold for two seconds"],
  "aware.testLabel": [
    ": houd twee seconden ingedrukt, er wordt niemand gebeld",
    ": hold for two seconds, nobody is called",
  ],
  "aware.hint": ["Bij gevaar: houd 2 seconden ingedrukt", "In danger: hold for 2 seconds"],
  "aware.testHint": [
    "Test: houd 2 seconden ingedrukt. Er wordt niemand gebeld.",
    "Test: hold for 2 seconds. Nobody is called.",
  ],
  "aware.holding": ["Blijf vasthouden…", "Keep holding…"],
  "aware.short": ["Losgelaten: er is niets verstuurd.", "Let go: nothing was sent."],
  "aware.without": ["Verstuur zonder vasthouden", "Send without holding"],
  "aware.sending": ["Noodoproep wordt verstuurd…", "Sending your call for help…"],
  "aware.failing": [
    "Bel 112. Uw noodoproep van {at} is NOG NIET aangekomen. We blijven het proberen; houd deze pagina open.",
    "Call 112. Your call for help of {at} has NOT arrived yet. We keep trying; keep this page open.",
  ],
  "aware.refused": [
    "De dienst neemt uw noodoproep niet aan. Bel 112.",
    "The service does not take your call for help. Call 112.",
  ],
  "aware.sent": ["Noodoproep aangekomen om {at}", "Your call for help arrived at {at}"],
  "aware.sentLate": [
    "Noodoproep van {pressed} aangekomen om {at}",
    "Your call for help of {pressed} arrived at {at}",
  ],
  "aware.cancelled": ["Noodoproep ingetrokken", "Your call for help was taken back"],
  "aware.mistake": [
    "Vergissing? Trek in met uw code: {left} s",
    "A mistake? Take it back with your code: {left} s",
  ],
  "aware.coded": [
    "Uw code gaat mee zodra de oproep aankomt. Zij wordt nergens bewaard: houd deze pagina open.",
    "Your code goes along as soon as the call arrives. It is kept nowhere: keep this page open.",
  ],
  "aware.noCode": [
    "Vergissing? U hebt geen code om in te trekken: de oproep loopt door. Bel en zeg dat het een vergissing was.",
    "A mistake? You have no code to take it back: the call goes on. Call and say that it was a mistake.",
  ],
  "aware.code": ["Uw code", "Your code"],
  "aware.cancel": ["Trek in", "Take back"],
  "aware.close": ["Sluit", "Close"],
  "aware.refusal.wrong_code": [
    "Deze code klopt niet. De oproep loopt door.",
    "This code is not right. The call goes on.",
  ],
  "aware.refusal.too_late": [
    "Te laat om in te trekken. De oproep loopt door.",
    "Too late. The call goes on.",
  ],
  "aware.refusal.no_code": [
    "Er is geen code afgesproken. De oproep loopt door; bel uw contactpersoon.",
    "No code was agreed. The call goes on; call your contact.",
  ],
  "aware.refusal.too_many_tries": [
    "Te vaak een foute code. De oproep loopt door.",
    "Too many wrong codes. The call goes on.",
  ],
  "aware.refusal.nothing_to_cancel": ["Er is niets om in te trekken.", "There is nothing to take back."],
  "aware.refusal.tried_already": ["Probeer het nog eens.", "Try once more."],
  "aware.refusal.offline": [
    "Geen antwoord van de dienst. De oproep loopt door.",
    "No answer from the service. The call goes on.",
  ],
  "aware.test.sending": ["Testoproep wordt verstuurd…", "Sending the test…"],
  "aware.test.sent": [
    "Testoproep aangekomen. Wachten op het bericht terug…",
    "Test arrived. Waiting for the answer…",
  ],
  "aware.test.back": [
    "Test geslaagd: heen en terug in {s}. Er is niemand gebeld.",
    "The test went well: there and back in {s}. Nobody was called.",
  ],
  "aware.test.lost": [
    "De testoproep kwam aan, maar het bericht terug bleef uit. Bel uw contactpersoon.",
    "The test arrived, but no answer came back. Call your contact.",
  ],
  "aware.test.failing": [
    "De testoproep komt niet aan: geen contact met de dienst.",
    "The test does not arrive: no contact with the service.",
  ],

  "sound.off": ["Geluid staat uit", "Sound is off"],
  "sound.on": ["Geluid en trillen staan aan", "Sound and vibration are on"],
  "sound.turnOn": ["Zet geluid aan", "Turn sound on"],
  "sound.turnOff": ["Zet geluid uit", "Turn sound off"],
  "sound.test": ["Laat horen", "Let me hear it"],
  "sound.title": ["Geluid en trillen bij alarm", "Sound and vibration for an alarm"],
  "sound.hint": [
    "Blijft herhalen tot u op ‘Ik heb dit gezien’ drukt. Kijk of uw telefoon niet op stil staat.",
    "Goes on until you press ‘I have seen this’. See that your telephone is not muted.",
  ],

  "place.open": ["Instellingen", "Settings"],
  "place.back": ["Terug", "Back"],

  "limits.short": [
    "Deze pagina waarschuwt alleen als zij open is en uw scherm aan staat. Uw device blijft uw beveiliging.",
    "This page warns only while it is open and your screen is on. Your device remains your protection.",
  ],
  "limits.title": ["Wat deze pagina niet kan", "What this page cannot do"],
  "limits.closed": [
    "Is uw telefoon op slot of de pagina dicht, dan komt hier geen waarschuwing.",
    "While your telephone is locked or the page is closed, no warning comes here.",
  ],
  "limits.device": [
    "Uw device blijft uw beveiliging. Houd het aan, opgeladen en bij u.",
    "Your device remains your protection. Keep it on, charged and with you.",
  ],
  "limits.offline": [
    "Zonder internet weet deze pagina niets. Zij zegt dat dan, en u kunt wel bellen.",
    "Without internet this page knows nothing. It says so, and you can still call.",
  ],

  "limits.shortWoken": [
    "Is deze pagina dicht, dan kan een melding u wekken. Reken daar niet op: uw device blijft uw beveiliging.",
    "While this page is closed a notification may wake you. Do not count on it: your device remains your protection.",
  ],
  "limits.woken": [
    "Is uw telefoon op slot of de pagina dicht, dan kan een melding u wekken. Zij kan te laat of niet komen.",
    "While your telephone is locked or the page is closed, a notification may wake you. It may be late or not come.",
  ],

  "waking.title": ["Meldingen op deze telefoon", "Notifications on this telephone"],
  "waking.hint": [
    "Zegt alleen dat u Afstand moet openen, niet waarom. Zij gaat over de server van uw browser en kan wegblijven.",
    "Says only that you should open Afstand, not why. It takes the road of your browser’s maker and may stay away.",
  ],
  "waking.turnOn": ["Zet meldingen aan", "Turn notifications on"],
  "waking.turnOff": ["Zet meldingen uit", "Turn notifications off"],
  "waking.is.looking": ["Een ogenblik…", "One moment…"],
  "waking.is.unset": [
    "Deze dienst verstuurt geen meldingen. Uw device waarschuwt u.",
    "This service sends no notifications. Your device warns you.",
  ],
  "waking.is.unable": [
    "Deze browser kan dit niet. Op een iPhone: zet deze pagina eerst op uw beginscherm.",
    "This browser cannot do this. On an iPhone: put this page on your home screen first.",
  ],
  "waking.is.denied": [
    "Uw telefoon staat dit niet toe. Sta ‘meldingen’ toe voor deze pagina in de instellingen van uw telefoon.",
    "Your telephone does not allow this. Allow ‘notifications’ for this page in your telephone’s settings.",
  ],
  "waking.is.off": ["Meldingen staan uit", "Notifications are off"],
  "waking.is.asking": ["Uw telefoon vraagt of het mag…", "Your telephone asks whether it may…"],
  "waking.is.on": [
    "Meldingen staan aan. Probeer de noodknop hierboven: de test komt ook als melding.",
    "Notifications are on. Try the panic button above: the test comes as a notification too.",
  ],
  "waking.is.failed": [
    "Meldingen lukken nu niet. Reken er niet op; uw device waarschuwt u.",
    "Notifications do not work now. Do not count on them; your device warns you.",
  ],
  "waking.others": ["{n} toestellen krijgen uw meldingen.", "{n} devices get your notifications."],
  "waking.onlyHere": ["Alleen deze telefoon", "This telephone only"],

  "position.title": ["Deze telefoon geeft mijn plaats door", "This telephone tells where I am"],
  "position.hint": [
    "Alleen als uw device leeg of stuk is, en alleen zolang deze pagina open is. Uw scherm blijft dan aan.",
    "Only if your device is empty or broken, and only while this page is open. Your screen then stays on.",
  ],
  "position.turnOn": ["Geef mijn plaats door", "Tell where I am"],
  "position.turnOff": ["Stop met doorgeven", "Stop telling"],
  "position.asking": ["Plaats wordt gezocht…", "Looking for your place…"],
  "position.on": ["Laatst doorgegeven om {at}, op {m} m nauwkeurig", "Last told at {at}, to within {m} m"],
  "position.unsent": ["Gevonden, nog niet aangekomen", "Found, not arrived yet"],
  "position.denied": [
    "Uw telefoon staat dit niet toe. Sta ‘locatie’ toe voor deze pagina in de instellingen van uw telefoon.",
    "Your telephone does not allow this. Allow ‘location’ for this page in your telephone’s settings.",
  ],
  "position.unavailable": [
    "Uw telefoon kan nu niet vinden waar u bent.",
    "Your telephone cannot find where you are now.",
  ],
  "position.dark": ["Houd uw scherm zelf aan.", "Keep your screen on yourself."],
  "position.running": ["Deze telefoon geeft uw plaats door", "This telephone tells where you are"],

  "test.title": ["Noodknop proberen", "Try the panic button"],
  "test.hint": [
    "Er wordt niemand gebeld. De knop onderaan wordt een minuut lang een testknop.",
    "Nobody is called. For a minute the button below is a test button.",
  ],
  "test.later": [
    "Eerst moet uw noodoproep zijn aangekomen. Daarna kunt u proberen.",
    "First your call for help has to arrive. Then you can try.",
  ],
  "test.start": ["Begin de test", "Begin the test"],
  "test.stop": ["Stop de test", "End the test"],

  "keep.title": ["Aangemeld blijven op deze telefoon", "Stay signed in on this telephone"],
  "keep.hint": [
    "Nodig als u de pagina op uw beginscherm zet. Doe dit alleen op uw eigen telefoon.",
    "Needed when you put the page on your home screen. Do this only on your own telephone.",
  ],
  "keep.on": ["Aan", "On"],
  "keep.off": ["Uit", "Off"],
  "install.title": ["Op uw beginscherm", "On your home screen"],
  "install.hint": ["Dan opent u deze pagina met één tik.", "Then one tap opens this page."],
  "install.do": ["Zet op beginscherm", "Put on home screen"],
  "look.title": ["Weergave", "Appearance"],
  "look.dark": ["Donker", "Dark"],
  "look.light": ["Licht", "Light"],
  "leave.unsent": [
    "Uw noodoproep is nog niet aangekomen. Meldt u zich af, dan wordt zij pas verstuurd als u weer aangemeld bent. Bel 112.",
    "Your call for help has not arrived yet. If you sign out, it is sent only once you are signed in again. Call 112.",
  ],
  "leave.anyway": ["Toch afmelden", "Sign out all the same"],
  "leave.do": ["Afmelden op deze telefoon", "Sign out on this telephone"],

  "leave.busy": ["U wordt afgemeld…", "Signing you out…"],

  "door.titleSignIn": ["Meld u aan", "Sign in"],
  "door.signIn": ["Aanmelden", "Sign in"],
  "door.byCode": ["Ik heb een link of code gekregen", "I was given a link or a code"],
  "door.title": ["Open de link die u hebt gekregen", "Open the link you were given"],
  "door.intro": [
    "Deze pagina is voor wie door een maatregel wordt beschermd. Uw contactpersoon helpt u hiermee.",
    "This page is for whoever is protected by an order. Your contact helps you with this.",
  ],
  "door.token": ["Of plak hier uw code", "Or paste your code here"],
  "door.enter": ["Ga verder", "Go on"],
  "door.refused.token": [
    "Deze link werkt niet (meer). Deze pagina bewaakt u nu niet. Bel uw contactpersoon.",
    "This link does not work (any more). This page does not watch over you now. Call your contact.",
  ],
  "door.refused.ended": [
    "U bent niet meer aangemeld. Deze pagina bewaakt u nu niet. Meld u opnieuw aan, of bel uw contactpersoon.",
    "You are no longer signed in. This page does not watch over you now. Sign in again, or call your contact.",
  ],
  "door.refused.other": [
    "In deze browser is iemand anders aangemeld. Deze pagina bewaakt u nu niet.",
    "Somebody else is signed in in this browser. This page does not watch over you now.",
  ],
  "door.refused.silent": [
    "Geen contact met de dienst; we blijven het proberen. Deze pagina bewaakt u nu niet.",
    "No contact with the service; we keep trying. This page does not watch over you now.",
  ],
  "door.standing.warning": [
    "Er stond hier een waarschuwing. Die kan nog gelden.",
    "There was a warning here. It may still stand.",
  ],
  "door.standing.alarm": [
    "Er stond hier een alarm. Dat kan nog gelden: ga naar een veilige plek.",
    "There was an alarm here. It may still stand: go to a safe place.",
  ],
  "door.standing.unsent": [
    "Uw noodoproep is NIET aangekomen. Bel 112.",
    "Your call for help has NOT arrived. Call 112.",
  ],
  "door.refused.role": [
    "Deze link is niet voor deze pagina. Deze pagina bewaakt u nu niet.",
    "This link is not for this page. This page does not watch over you now.",
  ],
} as const satisfies Record<string, readonly [nl: string, en: string]>;

export type Key = keyof typeof dictionary;

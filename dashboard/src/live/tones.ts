// The two sounds of every page. A browser lets nobody make noise before somebody pressed something.

let context: AudioContext | null = null;

/** So long a browser may take to say so. */
const ANSWER_MS = 300;

/** Whether the browser lets this page make noise without being pressed: it may, if somebody pressed it before a reload. */
export async function mayMakeNoise(): Promise<boolean> {
  context ??= new AudioContext();
  const answer = context.resume().catch(() => {});
  await Promise.race([answer, new Promise((resume) => setTimeout(resume, ANSWER_MS))]);
  return context.state === "running";
}

/** Alarm: two high tones, three times. Warning: one low tone, twice. */
export function sound(level: "alarm" | "warning"): void {
  context ??= new AudioContext();
  void context.resume();
  const start = context.currentTime + 0.02;
  const tones = level === "alarm" ? [988, 740, 988, 740, 988, 740] : [523, 523];
  const each = level === "alarm" ? 0.16 : 0.26;
  for (const [n, pitch] of tones.entries()) tone(context, pitch, start + n * each, each * 0.85);
}

function tone(context: AudioContext, pitch: number, at: number, length: number): void {
  const oscillator = context.createOscillator();
  const volume = context.createGain();
  oscillator.type = "triangle";
  oscillator.frequency.value = pitch;
  volume.gain.setValueAtTime(0, at);
  volume.gain.linearRampToValueAtTime(0.35, at + 0.02);
  volume.gain.setValueAtTime(0.35, at + length - 0.03);
  volume.gain.linearRampToValueAtTime(0, at + length);
  oscillator.connect(volume).connect(context.destination);
  oscillator.start(at);
  oscillator.stop(at + length);
}

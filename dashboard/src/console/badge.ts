// Open alarms in the tab's title and icon: seen from another tab.
import type { LineState } from "../live/centre.svelte.ts";

export function badge(alarms: number, line: LineState, alarmWord: string): void {
  const marks: Record<LineState, string> = { live: "", connecting: "… ", lost: "⚠ ", closed: "" };
  const count = alarms > 0 ? `(${alarms}) ${alarmWord} – ` : "";
  document.title = `${marks[line]}${count}Afstand`;
  const icon = document.querySelector<HTMLLinkElement>('link[rel="icon"]');
  const look = `${Math.min(alarms, MOST + 1)}/${line === "lost"}`;
  if (!icon || icon.dataset.look === look) return;
  icon.dataset.look = look;
  icon.href = drawn(alarms, line === "lost");
}

/** Above this the icon says that there are more. */
const MOST = 9;

function drawn(alarms: number, lost: boolean): string {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 32;
  // Read back at once: drawn in memory. From the graphics card it took half a second, and the alert waited for it.
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  if (!pen) return "data:,";
  pen.fillStyle = lost ? "#c084fc" : alarms ? "#ff5d6c" : "#1a7a70";
  pen.beginPath();
  if (alarms) for (const [x, y] of OCTAGON) pen.lineTo(x, y);
  else pen.arc(16, 16, 15, 0, 7);
  pen.fill();
  pen.fillStyle = alarms || lost ? "#0f151c" : "#ffffff";
  pen.font = "bold 20px sans-serif";
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  pen.fillText(lost ? "?" : alarms > MOST ? `${MOST}+` : alarms ? String(alarms) : "✓", 16, 17);
  return canvas.toDataURL();
}

const OCTAGON: [number, number][] = [
  [9, 0],
  [23, 0],
  [32, 9],
  [32, 23],
  [23, 32],
  [9, 32],
  [0, 23],
  [0, 9],
];

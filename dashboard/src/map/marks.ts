// The marks of people: wearer a diamond with D, victim a disc with S; hollow and dashed when nothing was heard of late.
import type { Map as View } from "maplibre-gl";
import type { Colours } from "./colours.ts";

export type MarkName = "wearer" | "wearer-old" | "victim" | "victim-old";

const SIZE = 30;
const RATIO = 2;

/** The marks of those of a case, as pictures that the map's layers name. */
export function addMarks(view: View, colours: Colours): void {
  for (const name of ["wearer", "wearer-old", "victim", "victim-old"] as const) {
    const pen = paper(1, SIZE * RATIO);
    if (!pen) continue;
    draw(pen, name, colours, SIZE * RATIO);
    if (view.hasImage(name)) view.removeImage(name);
    view.addImage(name, pen.getImageData(0, 0, SIZE * RATIO, SIZE * RATIO), { pixelRatio: RATIO });
  }
}

/** The marks of everybody side by side, each so many pixels wide; those that are not old a little faint. */
export function markSheet(
  names: readonly MarkName[],
  colours: Colours,
  pixels: number,
): HTMLCanvasElement | null {
  const [sheet, one] = [paper(names.length, pixels), paper(1, pixels)];
  if (!sheet || !one) return null;
  for (const [at, name] of names.entries()) {
    one.clearRect(0, 0, pixels, pixels);
    draw(one, name, colours, pixels);
    sheet.globalAlpha = isOld(name) ? 1 : 0.75;
    sheet.drawImage(one.canvas, at * pixels, 0);
  }
  return sheet.canvas;
}

function paper(many: number, pixels: number): CanvasRenderingContext2D | null {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [many * pixels, pixels];
  // Read back at once: drawn in memory, so that nobody waits for the graphics card.
  return canvas.getContext("2d", { willReadFrequently: true });
}

const isOld = (name: MarkName): boolean => name.endsWith("-old");

function draw(pen: CanvasRenderingContext2D, name: MarkName, colours: Colours, pixels: number): void {
  const isVictim = name.startsWith("victim");
  const colour = isVictim ? colours.victim : colours.person;
  const middle = SIZE / 2;
  pen.save();
  pen.scale(pixels / SIZE, pixels / SIZE);
  pen.beginPath();
  if (isVictim) {
    pen.arc(middle, middle, 11, 0, 7);
  } else {
    pen.moveTo(middle, 2);
    pen.lineTo(SIZE - 2, middle);
    pen.lineTo(middle, SIZE - 2);
    pen.lineTo(2, middle);
    pen.closePath();
  }
  pen.lineWidth = 2;
  if (isOld(name)) {
    pen.fillStyle = colours.halo;
    pen.fill();
    pen.setLineDash([4, 3]);
    pen.strokeStyle = colour;
  } else {
    pen.fillStyle = colour;
    pen.fill();
    pen.strokeStyle = colours.sign;
  }
  pen.stroke();
  pen.fillStyle = isOld(name) ? colour : colours.sign;
  pen.font = "700 13px Inter, sans-serif";
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  pen.fillText(isVictim ? "S" : "D", middle, middle + 0.5);
  pen.restore();
}

// The marks of people: wearer a diamond with D, victim a disc with S; hollow and dashed when nothing was heard of late.
import type { Map as View } from "maplibre-gl";
import type { Colours } from "./colours.ts";

const SIZE = 30;
const RATIO = 2;

export function addMarks(view: View, colours: Colours): void {
  for (const role of ["wearer", "victim"] as const) {
    for (const old of [false, true]) {
      const name = old ? `${role}-old` : role;
      const image = drawn(role, old, colours);
      if (!image) continue;
      if (view.hasImage(name)) view.removeImage(name);
      view.addImage(name, image, { pixelRatio: RATIO });
    }
  }
}

function drawn(role: "wearer" | "victim", old: boolean, colours: Colours): ImageData | null {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = SIZE * RATIO;
  // Read back at once: drawn in memory, so that nobody waits for the graphics card.
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  if (!pen) return null;
  pen.scale(RATIO, RATIO);
  const middle = SIZE / 2;
  const colour = role === "victim" ? colours.victim : colours.person;
  pen.beginPath();
  if (role === "victim") {
    pen.arc(middle, middle, 11, 0, 7);
  } else {
    pen.moveTo(middle, 2);
    pen.lineTo(SIZE - 2, middle);
    pen.lineTo(middle, SIZE - 2);
    pen.lineTo(2, middle);
    pen.closePath();
  }
  pen.lineWidth = 2;
  if (old) {
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
  pen.fillStyle = old ? colour : colours.sign;
  pen.font = "700 13px Inter, sans-serif";
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  pen.fillText(role === "victim" ? "S" : "D", middle, middle + 0.5);
  return pen.getImageData(0, 0, SIZE * RATIO, SIZE * RATIO);
}

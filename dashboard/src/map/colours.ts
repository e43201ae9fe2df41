// Colours of the map in both themes; those with a meaning are the same as everywhere.

export interface Colours {
  sea: string;
  land: string;
  river: string;
  border: string;
  province: string;
  town: string;
  name: string;
  halo: string;
  grid: string;
  text: string;
  person: string;
  sign: string;
  victim: string;
  alarm: string;
  warning: string;
  clear: string;
}

export const COLOURS: Record<"dark" | "light", Colours> = {
  dark: {
    sea: "#0b1a2a",
    land: "#1b232c",
    river: "#17324d",
    border: "#5a6b7b",
    province: "#45545f",
    town: "#2d3a47",
    name: "#a3b3c2",
    halo: "#121920",
    grid: "#2b3743",
    text: "#e8eef4",
    person: "#ffffff",
    sign: "#0f151c",
    victim: "#a9c4f0",
    alarm: "#ff5d6c",
    warning: "#ffc93c",
    clear: "#4fe0b5",
  },
  light: {
    sea: "#c3d9ea",
    land: "#f4f2ee",
    river: "#b5d3ea",
    border: "#b9aa9c",
    province: "#cbbfb3",
    town: "#e3dcd2",
    name: "#51606e",
    halo: "#ffffff",
    grid: "#dcd6cd",
    text: "#161d24",
    person: "#161d24",
    sign: "#ffffff",
    victim: "#0b2f75",
    alarm: "#8f0a24",
    warning: "#936700",
    clear: "#1a7a70",
  },
};

import "../design/tokens.css";
import "./companion.css";
import { mount } from "svelte";
import App from "./App.svelte";

const target = document.getElementById("app");
if (target) mount(App, { target });

// The page opens without a network too. Where there can be no worker it works all the same.
if (import.meta.env.PROD && "serviceWorker" in navigator) {
  navigator.serviceWorker.register("/victim/worker.js", { scope: "/victim" }).catch(() => {});
}

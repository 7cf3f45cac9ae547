// What the main module downloads for the dashboard.
export { dashboardEditor } from "./editor.ts";
export { dashboardOf } from "./strategy.ts";

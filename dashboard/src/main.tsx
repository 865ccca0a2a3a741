import { render } from "preact";
import { App } from "./app";
import { apply } from "./theme";

apply();
const page = document.getElementById("page");
if (page) render(<App />, page);

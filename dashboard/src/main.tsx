import { render } from "preact";
import { askEarly } from "./api";
import { App } from "./app";
import { browserZone, sourcesPath } from "./ranges";
import { read } from "./state";
import { apply } from "./theme";

askEarly(sourcesPath(read(location.hash).zone ?? browserZone()));
apply();
const page = document.getElementById("page");
if (page) render(<App />, page);

import { render } from "preact";
import { askEarly } from "./api";
import { App } from "./app";
import { refuseMarkup } from "./markup";
import { browserZone, sourcesPath } from "./ranges";
import { read } from "./state";
import { apply } from "./theme";

refuseMarkup();
askEarly(sourcesPath(read(location.hash).zone ?? browserZone()));
apply();
const page = document.getElementById("page");
if (page) render(<App />, page);

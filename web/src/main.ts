import { createApp } from "vue";

import App from "./App.vue";
import { i18n } from "./i18n";
import { keepPreferences } from "./lib/preferences";
import "./ui/tokens.css";
import "./ui/base.css";

keepPreferences();
createApp(App).use(i18n).mount("#app");

// Holds our scripts and the published vendor files to the browser floor of package.json: APIs by compat, syntax by es-check.
import compat from "eslint-plugin-compat";

const published = (files, ecmaVersion) => ({
  ...compat.configs["flat/recommended"],
  files,
  languageOptions: { ecmaVersion, sourceType: "script", globals: { window: "readonly", document: "readonly" } },
});

export default [published(["vendor/**/*.js"], 2021), { ...published(["**/*.js"], 2019), ignores: ["vendor/**"] }];

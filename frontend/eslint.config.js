import js from "@eslint/js";
import prettier from "eslint-config-prettier";
import { configs as lit } from "eslint-plugin-lit";
import { configs as accessibility } from "eslint-plugin-lit-a11y";
import { configs as webComponents } from "eslint-plugin-wc";
import globals from "globals";
import typescript from "typescript-eslint";

export default typescript.config(
  js.configs.recommended,
  typescript.configs.strictTypeChecked,
  typescript.configs.stylisticTypeChecked,
  lit["flat/all"],
  webComponents["flat/best-practice"],
  accessibility.recommended,
  prettier,
  {
    languageOptions: {
      globals: globals.browser,
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      curly: ["error", "multi-line"],
      eqeqeq: ["error", "always", { null: "ignore" }],
      "no-console": "error",
      "prefer-template": "error",
      "lit/no-template-map": "off",
      // One query is no reason to bundle the decorator.
      "lit/prefer-query-decorators": "off",
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      // define() does, but not over an element that is there already.
      // TypeScript assigns fields in the constructor, to the accessors that Lit has made.
      "lit/no-classfield-shadowing": "off",
      "wc/define-tag-after-class-definition": "off",
      "wc/guard-super-call": "off",
    },
  },
  {
    files: ["*.js"],
    ...typescript.configs.disableTypeChecked,
    languageOptions: { globals: globals.node, parserOptions: { projectService: false } },
    rules: { ...typescript.configs.disableTypeChecked.rules, "no-console": "off" },
  },
  {
    files: ["test/**"],
    rules: {
      // The test runner's functions give promises that it waits for itself.
      "@typescript-eslint/no-floating-promises": "off",
    },
  },
);

import type { PropertyDeclaration, ReactiveElement } from "lit";

/**
 * Define an element, unless it is there already: a page that stays open while Home Assistant is
 * updated gets the module once more, and goes on with what it has.
 */
export function define(name: string) {
  return (element: CustomElementConstructor): void => {
    if (!customElements.get(name)) customElements.define(name, element);
  };
}

/** Make a field one of Lit's reactive properties: as its own decorator does, which is a kilobyte. */
export function property(options?: PropertyDeclaration) {
  return (prototype: object, name: string): void => {
    (prototype.constructor as typeof ReactiveElement).createProperty(name, options);
  };
}

/**
 * What xterm.js writes into the page as the text of styles, by the CSSOM instead: our policy allows no inline style, and the CSSOM is none. It is a view of the
 * page's own document, in which nothing else differs.
 */

/** For the option `documentOverride`, which takes documents alone. */
export function documentWithoutInlineStyles(): Document {
  return new Proxy(document, {
    get(target, name) {
      if (name === 'createElement') return createElement;
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

/** While the terminal opens, its view port asks the page's document itself. */
export function withoutInlineStyles(open: () => void): void {
  Object.defineProperty(document, 'createElement', { configurable: true, value: createElement });
  try {
    open();
  } finally {
    Reflect.deleteProperty(document, 'createElement');
  }
}

function createElement(name: string): HTMLElement {
  if (name === 'style') return styleElement();
  const element = Document.prototype.createElement.call(document, name);
  return name === 'span' ? withStyleByRules(element) : element;
}

/** Stands where a style would; its text is a sheet of the page for as long as it is there. */
function styleElement(): HTMLElement {
  const sheet = new CSSStyleSheet();
  const element = Document.prototype.createElement.call(document, 'span');
  element.hidden = true;
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
  Object.defineProperty(element, 'textContent', { set: (text: string) => sheet.replaceSync(text) });
  element.remove = () => {
    document.adoptedStyleSheets = document.adoptedStyleSheets.filter((one) => one !== sheet);
    Element.prototype.remove.call(element);
  };
  return element;
}

/** Colors of 24 bits are set as an attribute. */
function withStyleByRules(element: HTMLElement): HTMLElement {
  element.setAttribute = (name, value) => {
    if (name === 'style') element.style.cssText = value;
    else Element.prototype.setAttribute.call(element, name, value);
  };
  return element;
}

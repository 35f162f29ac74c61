/**
 * What xterm.js writes into the page as the text of styles, by the CSSOM instead: our policy allows no inline style, and the CSSOM is none. It asks the page's
 * document for its elements, so that is where they are made otherwise while a terminal is there; for everybody else they are as always.
 */

/** From now on, until what it answers is called. One terminal at a time. */
export function avoidInlineStyles(): () => void {
  Object.defineProperty(document, 'createElement', { configurable: true, value: createElement });
  return () => void Reflect.deleteProperty(document, 'createElement');
}

function createElement(name: string, options?: ElementCreationOptions): HTMLElement {
  if (name === 'style') return styleElement();
  const element = Document.prototype.createElement.call(document, name, options);
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

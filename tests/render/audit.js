// What is wrong with the page as it is shown now, as a list of sentences. Thresholds: WCAG 2.2, 1.4.3 and 1.4.10.
(() => {
  const findings = [];
  const shown = (element) => element.getClientRects().length > 0 && getComputedStyle(element).visibility === "visible";
  const name = (element) => `${element.tagName}.${element.getAttribute("class") ?? ""} "${(element.textContent ?? "").slice(0, 30)}"`;

  const room = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth > room) {
    findings.push(`the page is ${document.documentElement.scrollWidth} wide, the screen ${room}`);
  }
  for (const element of document.querySelectorAll("main *")) {
    const hidden = element.closest("thead, title, desc, defs");
    if (shown(element) && !hidden && element.getBoundingClientRect().right > room + 1) findings.push(`${name(element)} leaves the screen`);
  }

  const channels = (colour) => colour.match(/[\d.]+/g).map(Number);
  const light = (colour) => {
    const [r, g, b] = channels(colour).slice(0, 3).map((c) => c / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor;
      if (channels(colour)[3] !== 0) return colour;
    }
    return "rgb(255, 255, 255)";
  };
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
    if (!own || !shown(element) || element.closest("title, desc")) continue;
    const style = getComputedStyle(element);
    const colour = element.closest("svg") ? style.fill : style.color;
    const pair = [light(colour), light(behind(element))].sort((a, b) => b - a);
    const contrast = (pair[0] + 0.05) / (pair[1] + 0.05);
    if (contrast < 4.5) findings.push(`${name(element)} has a contrast of ${contrast.toFixed(2)}`);
  }

  // Texts of a drawing neither leave it nor lie over each other.
  for (const svg of document.querySelectorAll("svg")) {
    if (!shown(svg)) continue;
    const frame = svg.getBoundingClientRect();
    const texts = [...svg.querySelectorAll("text")].map((text) => [text, text.getBoundingClientRect()]);
    for (const [text, box] of texts) {
      if (box.left < frame.left - 2 || box.right > frame.right + 2) findings.push(`${name(text)} leaves the drawing`);
    }
    const bars = [...svg.querySelectorAll("rect.bar, rect.wait, path")].filter((shape) => !shape.closest("defs"));
    for (const [text, a] of texts.filter(([text]) => !text.matches(".number"))) {
      for (const b of bars.map((bar) => bar.getBoundingClientRect())) {
        const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
        const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
        if (across > 1 && down > 4) findings.push(`${name(text)} lies over a bar`);
      }
    }
    texts.forEach(([one, a], index) => texts.slice(index + 1).forEach(([other, b]) => {
      const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
      const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
      if (across > 1 && down > 4) findings.push(`${name(one)} lies over ${name(other)}`);
    }));
  }

  const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
  ids.filter((id, index) => ids.indexOf(id) !== index).forEach((id) => findings.push(`the id ${id} is there twice`));
  for (const link of document.querySelectorAll("a[href^='#']")) {
    if (!document.getElementById(link.hash.slice(1))) findings.push(`${link.hash} leads nowhere`);
  }
  for (const heading of document.querySelectorAll("th:not([scope])")) findings.push(`${name(heading)} has no scope`);
  const levels = [...document.querySelectorAll("h1, h2, h3")].map((heading) => Number(heading.tagName[1]));
  levels.forEach((level, index) => { if (level > (levels[index - 1] ?? 0) + 1) findings.push(`a heading of level ${level} after ${levels[index - 1]}`); });
  return findings;
})();

"use strict";
/* Draws the neighbourhood of a gene, the paths between two, or what connects several. The same graph and width give
   the same picture: every place is computed, and nothing is drawn by lot. */
(() => {
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  const NARROW = 520, FEW = 10;
  let drawn = null;

  /* On a phone the most believed neighbours alone have room. */
  function pruned(data, most) {
    if (data.layout !== "star") return data;
    const sides = Object.fromEntries(["regulators", "both", "targets"].map((side) => [side, data[side].slice(0, most)]));
    const kept = new Set([data.focus, ...Object.values(sides).flat()]);
    return {
      ...data, ...sides,
      nodes: data.nodes.filter((node) => kept.has(node.id)),
      edges: data.edges.filter((edge) => kept.has(edge.source) && kept.has(edge.target)),
    };
  }

  /* Nodes on arcs around the focus, each at an angle of its own, so that no line runs through a node. */
  function arc(places, curies, from, to, { x, y, width, height }) {
    const rings = Math.max(1, Math.min(4, Math.ceil((curies.length * 62) / ((to - from) * width))));
    curies.forEach((curie, i) => {
      const angle = from + ((i + 0.5) / curies.length) * (to - from);
      const share = 1 - (i % rings) * (0.62 / rings);
      places[curie] = { x: x - Math.cos(angle) * width * share, y: y - Math.sin(angle) * height * share };
    });
  }

  /* Genes of a path in columns, of which every other stands a little off, so that no line runs through a node; on a
     phone the columns are rows. */
  function columns(data, width, height) {
    const upright = width * 2 < NARROW, inColumn = {};
    for (const node of data.nodes) (inColumn[data.columns[node.id]] ??= []).push(node.id);
    const places = {}, last = Math.max(...Object.keys(inColumn));
    for (const [column, ids] of Object.entries(inColumn)) {
      ids.forEach((id, i) => {
        const aside = ids.length > 3 ? ((i % 2) - 0.5) * 0.35 : 0;
        const along = ((Number(column) + aside) / last) * 2 - 1, across = ((i + 0.5) / ids.length) * 2 - 1;
        places[id] = upright ? { x: across * width, y: along * height } : { x: along * width, y: across * height };
      });
    }
    return places;
  }

  /* Where the springs of the free layout start from: on a ring, in the order of the data. */
  function ring(data, width, height) {
    return Object.fromEntries(data.nodes.map((node, i) => {
      const angle = (i / data.nodes.length) * 2 * Math.PI;
      return [node.id, { x: Math.cos(angle) * width * 0.8, y: Math.sin(angle) * height * 0.8 }];
    }));
  }

  const LAYOUTS = { star: layout, columns, free: ring };

  /* Springs, into the whole of the canvas. */
  function spread(drawn, width, height) {
    drawn.layout({
      name: "cose", animate: false, randomize: false, fit: false, nodeDimensionsIncludeLabels: true, padding: 10,
      nodeRepulsion: () => 90000, idealEdgeLength: () => 70, numIter: 1500,
    }).run();
    const box = drawn.nodes().boundingBox();
    drawn.nodes().positions((node) => {
      const at = node.position(), half = { x: (box.w - node.width()) / 2 || 1, y: (box.h - node.height()) / 2 || 1 };
      return {
        x: ((at.x - (box.x1 + box.x2) / 2) / half.x) * (width - node.width() / 2),
        y: ((at.y - (box.y1 + box.y2) / 2) / half.y) * (height - node.height() / 2),
      };
    });
  }

  /* Regulators above, targets below, what is both beside; where one side is empty the other has all the height. */
  function layout(data, width, height) {
    const above = data.regulators.length || data.both.length, below = data.targets.length || data.both.length;
    const y = (above ? 0 : -1) * (height - 20) + (below ? 0 : 1) * (height - 20);
    const area = { x: 0, y, width, height: height + Math.abs(y) };
    const places = { [data.focus]: { x: 0, y } };
    const side = data.both.length ? 0.42 : 0.12;
    arc(places, data.regulators, side, Math.PI - side, area);
    arc(places, data.targets, Math.PI + side, 2 * Math.PI - side, area);
    arc(places, data.both.filter((_, i) => i % 2 === 0), -side, side, area);
    arc(places, data.both.filter((_, i) => i % 2 === 1), Math.PI - side, Math.PI + side, area);
    return places;
  }

  function style() {
    const signs = {
      activation: { "line-color": colour("up"), "target-arrow-color": colour("up"), "target-arrow-shape": "triangle" },
      repression: { "line-color": colour("down"), "target-arrow-color": colour("down"), "target-arrow-shape": "tee" },
      unknown: {
        "line-color": colour("soft"), "target-arrow-color": colour("soft"), "target-arrow-shape": "circle",
        "target-arrow-fill": "hollow", "line-style": "dashed",
      },
    };
    return [
      { selector: "node", style: {
        label: "data(symbol)", "font-size": 11, "font-family": "system-ui, sans-serif", color: colour("ink"),
        "text-valign": "center", width: "data(width)", height: 20, shape: "round-rectangle",
        "background-color": colour("node"), "border-color": colour("node-line"), "border-width": 1 } },
      { selector: 'node[kind = "family"]', style: { shape: "cut-rectangle" } },
      { selector: "node[?asked]", style: { "background-color": colour("focus"), color: colour("focus-ink"), "font-weight": 700 } },
      { selector: "node.focus", style: {
        "background-color": colour("focus"), color: colour("focus-ink"), "font-weight": 700, "font-size": 13,
        /* Wide, so that the heads of the lines that end here stay apart. */
        shape: "ellipse", width: "data(wide)", height: 62 } },
      { selector: "edge", style: {
        width: "mapData(belief, 0, 1, 0.8, 3.2)", "curve-style": "bezier", "control-point-step-size": 26,
        "arrow-scale": 1.1, opacity: 0.85, "target-distance-from-node": 3 } },
      ...Object.entries(signs).map(([effect, look]) => ({ selector: `edge[effect = "${effect}"]`, style: look })),
    ];
  }

  function draw() {
    const canvas = document.querySelector(".canvas[data-elements]");
    if (drawn) { drawn.destroy(); drawn = null; }
    if (!canvas || !window.cytoscape) return;
    const data = pruned(JSON.parse(canvas.dataset.elements), canvas.clientWidth < NARROW ? FEW : Infinity);
    const middle = { x: canvas.clientWidth / 2, y: canvas.clientHeight / 2 };
    const places = LAYOUTS[data.layout](data, middle.x - 40, middle.y - 20);
    const nodes = data.nodes.map((node) => ({
      data: { ...node, width: Math.max(34, 12 + 7 * node.symbol.length), wide: Math.max(84, 36 + 8 * node.symbol.length) },
      position: places[node.id], classes: node.id === data.focus ? "focus" : "",
    }));
    drawn = window.cytoscape({
      container: canvas, style: style(), layout: { name: "preset", fit: false }, pan: middle, zoom: 1,
      elements: { nodes, edges: data.edges.map((edge, i) => ({ data: { ...edge, id: `e${i}` } })) },
      userZoomingEnabled: false, userPanningEnabled: false, boxSelectionEnabled: false, autoungrabify: true,
    });
    if (data.layout === "free") spread(drawn, middle.x - 34, middle.y - 34);
    drawn.on("tap", "node", (event) => {
      if (event.target.id() !== data.focus) {
        const filters = data.layout === "star" ? window.location.search : "";
        window.location.assign(`/gene/${encodeURIComponent(event.target.id()).replaceAll("%3A", ":")}${filters}`);
      }
    });
    drawn.on("mouseover", "node", () => { canvas.dataset.over = "node"; });
    drawn.on("mouseout", "node", () => { delete canvas.dataset.over; });
    canvas.dataset.drawn = String(drawn.elements().length);
    const note = document.getElementById("drawn");
    note.textContent = data.edges.length < Number(note.dataset.all)
      ? `The ${data.edges.length} most believed of ${note.dataset.all} edges are drawn.` : "";
  }

  let width = window.innerWidth;
  document.addEventListener("DOMContentLoaded", draw);
  document.addEventListener("htmx:after:swap", (event) => { if (event.target.closest(".filters")) draw(); });
  window.addEventListener("resize", () => { if (window.innerWidth !== width) { width = window.innerWidth; draw(); } });
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
})();

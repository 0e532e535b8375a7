# Copyright 2026 The yolotrt_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How reports look: one style sheet for light and dark, wide screens and phones."""

from __future__ import annotations

NUM_SERIES = 6
"""Colours of series; further ones begin anew."""

# The colours of series keep apart for people with the usual kinds of colour blindness, and stand
# out on both grounds.
STYLE = """
:root {
  color-scheme: light dark;
  --ground: #ffffff; --panel: #f5f6f8; --ink: #1b1f24; --faint: #5b6470; --line: #d5dae1;
  --good: #1a7f4b; --bad: #b42318;
  --series-0: #1f5fbf; --series-1: #c8540a; --series-2: #14855a;
  --series-3: #8a3fb0; --series-4: #a06a00; --series-5: #b81f5b;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #14171b; --panel: #1d2127; --ink: #e8eaed; --faint: #a3acb8; --line: #3a414b;
    --good: #55c98d; --bad: #ff8a7a;
    --series-0: #7db0ff; --series-1: #ff9d57; --series-2: #58cfa0;
    --series-3: #d09bf2; --series-4: #e6b84d; --series-5: #ff86b3;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 1.5rem 1rem 3rem; max-width: 75rem; background: var(--ground);
  color: var(--ink); font: 16px/1.5 system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif;
}
h1 { margin: 0 0 .25rem; font-size: 1.7rem; line-height: 1.2; }
h2 { margin: 2.5rem 0 .75rem; font-size: 1.2rem; }
p { margin: .5rem 0; max-width: 46rem; }
p.faint, figcaption, p.note { color: var(--faint); font-size: .9rem; }
ul.findings { padding-left: 1.2rem; max-width: 46rem; }
table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; }
p.note { margin: 1.5rem 0 .4rem; }
th, td {
  padding: .4rem .6rem; text-align: right; border-bottom: 1px solid var(--line);
  vertical-align: baseline;
}
th { color: var(--faint); font-weight: 600; font-size: .85rem; }
th:first-child, td:first-child { padding-left: 0; text-align: left; }
td:first-child { white-space: nowrap; }
.scroll { margin: .75rem 0; overflow-x: auto; }
p.note + .scroll { margin-top: 0; }
.dot {
  display: inline-block; width: .7em; height: .7em; margin-right: .45em; border-radius: 50%;
}
.good { color: var(--good); } .bad { color: var(--bad); }
.plots {
  display: grid; gap: 1rem; margin: 1rem 0;
  grid-template-columns: repeat(auto-fit, minmax(19rem, 1fr));
}
figure {
  margin: 0; padding: .75rem; max-width: 36rem; border-radius: .5rem;
  background: var(--panel);
}
figure svg { display: block; width: 100%; height: auto; }
figure img { display: block; width: 100%; height: auto; border-radius: .25rem; }
figcaption { margin-top: .4rem; }
.legend { display: flex; flex-wrap: wrap; gap: .25rem 1.2rem; margin: .5rem 0 1rem; }
.pair {
  display: grid; gap: .75rem; margin-bottom: 1.5rem;
  grid-template-columns: repeat(auto-fit, minmax(20rem, 1fr));
}
h3 { margin: 1.25rem 0 .5rem; font-size: 1rem; overflow-wrap: anywhere; }
details { margin-top: 1rem; }
summary { cursor: pointer; color: var(--faint); }
footer {
  margin-top: 3rem; padding-top: 1rem; border-top: 1px solid var(--line); color: var(--faint);
  font-size: .9rem; overflow-wrap: anywhere;
}
@media (max-width: 40rem) {
  table.cards thead { display: none; }
  table.cards, table.cards tbody, table.cards tr, table.cards td { display: block; width: 100%; }
  table.cards tr { padding: .6rem 0; border-bottom: 1px solid var(--line); }
  table.cards td {
    display: flex; justify-content: space-between; gap: 1rem; padding: .15rem 0; border: 0;
  }
  table.cards td:first-child {
    display: block; font-weight: 600; white-space: normal; overflow-wrap: anywhere;
  }
  table.cards td:not(:first-child)::before { content: attr(data-name); color: var(--faint); }
}
@media print { body { max-width: none; } details > * { display: block; } }
"""

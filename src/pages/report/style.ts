/** The look of a page of evidence: light and dark by the reader's choice, from 320 pixels up, and in print. */
export const PAGE_STYLE = `
:root{color-scheme:light dark;--bg:#fff;--panel:#f6f8fa;--ink:#1b1f24;--muted:#57606a;--line:#d0d7de;--link:#0a58ca;
--candidate:#0b5cad;--stable:#9a4f00;--neutral:#57606a;--limit:#6b5200;--harm:#b42318;--yes:#116329;--no:#b42318;--wait:#7a4b00}
@media (prefers-color-scheme:dark){:root{--bg:#0f1419;--panel:#171d24;--ink:#e6edf3;--muted:#a3adb8;--line:#343c46;--link:#7cb7ff;
--candidate:#6cb6ff;--stable:#f0a860;--neutral:#a3adb8;--limit:#e3c04f;--harm:#ff8f84;--yes:#6fd68a;--no:#ff8f84;--wait:#f2c14e}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;overflow-wrap:anywhere}
header,main,footer{max-width:960px;margin:0 auto;padding:0 20px}
header{padding-top:28px}
h1{font-size:1.7rem;line-height:1.2;margin:.2em 0 .6em}
h2{font-size:1.2rem;margin:0 0 .4em;line-height:1.3}
p{margin:.4em 0}
a{color:var(--link)}
.kind{color:var(--muted);margin:0}
.skip{position:absolute;left:-999px}
.skip:focus{left:12px;top:8px;background:var(--bg);padding:6px 10px}
:focus-visible{outline:3px solid var(--link);outline-offset:2px}
.answer{border:1px solid var(--line);border-left:8px solid var(--wait);border-radius:6px;padding:18px 20px;background:var(--panel)}
.answer.yes{border-left-color:var(--yes)}.answer.no{border-left-color:var(--no)}
.answer h2{font-size:1rem;font-weight:500;color:var(--muted)}
.verdict{font-size:1.35rem;font-weight:650;line-height:1.35;margin:.1em 0 .5em}
.yes .mark{color:var(--yes)}.no .mark{color:var(--no)}.wait .mark{color:var(--wait)}
.answer ul{margin:.4em 0 0;padding-left:1.2em}
.answer li{margin:.25em 0}
.facts{display:grid;grid-template-columns:repeat(auto-fill,minmax(270px,1fr));gap:10px 24px;margin:22px 0}
.facts dt{color:var(--muted);font-size:.85rem}
.facts dd{margin:0}
nav{margin:18px 0 6px;font-size:.95rem}
nav ul{list-style:none;margin:0;padding:0;display:flex;flex-wrap:wrap;gap:4px 18px}
section.part{border-top:1px solid var(--line);padding:24px 0 10px;margin-top:20px}
.basis{color:var(--muted);font-size:.875rem}
figure{margin:14px 0 6px}
.chart svg{display:block;width:100%;height:auto;overflow:visible}
.narrow{display:none}
.square svg{max-width:470px}
.legend{list-style:none;display:flex;flex-wrap:wrap;gap:2px 18px;margin:0 0 6px;padding:0;font-size:.9rem}
.legend svg{vertical-align:middle;margin-right:6px}
details{margin:10px 0}
summary{cursor:pointer;color:var(--link);padding:4px 0}
.scroll{overflow-x:auto;border:1px solid var(--line);border-radius:6px;margin:8px 0}
table{border-collapse:collapse;width:100%;font-size:.875rem;overflow-wrap:normal}
caption{text-align:left;padding:8px 10px;color:var(--muted)}
caption span{position:sticky;left:10px;display:inline-block;max-width:calc(100vw - 56px)}
th,td{padding:5px 10px;border-top:1px solid var(--line);text-align:left;vertical-align:top}
th{font-weight:600}
th.num,td.num{text-align:right;font-variant-numeric:tabular-nums}td.num{white-space:nowrap}
td.instant{white-space:nowrap;font-variant-numeric:tabular-nums}
td.text{min-width:5.5em}
td.long{min-width:13em}
td.whole-digest{min-width:12em;word-break:break-all}
td.digest,td.whole-digest,pre,code{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:.85em}
pre{background:var(--panel);border:1px solid var(--line);border-radius:6px;padding:10px 12px;white-space:pre-wrap;overflow-wrap:anywhere}
footer{border-top:1px solid var(--line);margin-top:28px;padding-top:14px;padding-bottom:36px;color:var(--muted);font-size:.875rem}
@media (max-width:700px){
.stacks,.stacks tbody,.stacks tr,.stacks caption{display:block}
.stacks thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.stacks tr{border-top:1px solid var(--line);padding:7px 0}
.stacks td{display:grid;grid-template-columns:6.6rem minmax(0,1fr);gap:10px;border:0;padding:2px 10px;min-width:0;text-align:left;white-space:normal;overflow-wrap:anywhere}
.stacks td::before{content:attr(data-head);color:var(--muted);font:.875rem/1.55 system-ui,sans-serif;overflow-wrap:normal}
.wide{display:none}.narrow{display:block}.square svg{max-width:none}header,main,footer{padding-left:16px;padding-right:16px}h1{font-size:1.35rem}.verdict{font-size:1.15rem}.answer{padding:14px}}
@media print{nav,.skip{display:none}details>*{display:block}section.part{break-inside:avoid}}
`;

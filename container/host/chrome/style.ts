/** Style sheet of the phone's own surfaces. */
export const STYLE = `
:host,.phone{position:relative;display:block;width:100%;height:100%}
.phone{--back:#ededed;--front:#fff;--text:rgba(0,0,0,.9);--soft:rgba(0,0,0,.5);--line:rgba(0,0,0,.1);--accent:#07c160;
  --press:rgba(0,0,0,.06);
overflow:hidden;background:var(--back);color:var(--text);
  font:16px/1.4 -apple-system,"PingFang SC","Microsoft YaHei","Noto Sans SC",system-ui,sans-serif;
-webkit-tap-highlight-color:transparent;contain:strict}
.phone.dark{--back:#111;--front:#191919;--text:rgba(255,255,255,.8);--soft:rgba(255,255,255,.5);
  --line:rgba(255,255,255,.1);--press:rgba(255,255,255,.08);color-scheme:dark}
.phone *{box-sizing:border-box}
[hidden]{display:none!important}
button{font:inherit;color:inherit;border:0;background:none;padding:0;cursor:pointer}
button:focus-visible,input:focus-visible,[tabindex]:focus-visible{outline:2px solid #576b95;outline-offset:-2px}
.stage,.frame,.cover{position:absolute;inset:0;width:100%;height:100%}
.frame{border:0;background:transparent}
.frame.spare,.frame.back{visibility:hidden;pointer-events:none}
.status{position:absolute;inset:0 0 auto;display:flex;align-items:center;justify-content:space-between;padding:0 16px;
  font-size:12px;font-weight:600;pointer-events:none;color:#000}
.status span{display:flex;gap:5px;align-items:center}
.status svg{display:block}
.light-text .status{color:#fff}
.capsule{position:absolute;display:flex;border-radius:16px;border:.5px solid rgba(0,0,0,.12);
  background:rgba(255,255,255,.6);color:#000;overflow:hidden}
.light-text .capsule{border-color:rgba(255,255,255,.25);background:rgba(0,0,0,.15);color:#fff}
.capsule button{flex:1;display:flex;align-items:center;justify-content:center}
.capsule button+button{border-left:.5px solid currentColor;
  border-image:linear-gradient(transparent 22%,currentColor 22%,currentColor 78%,transparent 78%) 1;opacity:.9}
.capsule button:active{background:var(--press)}
.cover{display:flex;flex-direction:column;align-items:center;justify-content:center;gap:12px;padding:24px;
  text-align:center;background:var(--back);overflow:auto}
.icon{width:64px;height:64px;border-radius:50%;background:var(--front);display:flex;align-items:center;
  justify-content:center;font-size:26px;color:var(--accent);overflow:hidden;flex:none}
.icon img{width:100%;height:100%;object-fit:cover}
.bar{width:120px;height:3px;border-radius:2px;background:var(--line);overflow:hidden}
.bar i{display:block;height:100%;width:100%;background:var(--accent);transform:scaleX(var(--done,0));
  transform-origin:left;transition:transform .2s}
.bar.endless i{width:40%;transform:none;animation:eden-slide 1.1s infinite ease-in-out}
@keyframes eden-slide{from{margin-left:-40%}to{margin-left:100%}}
.cover h1{margin:0;font-size:20px;font-weight:600}
.cover p{margin:0;color:var(--soft);max-width:30em}
.cover code{font:12px/1.5 ui-monospace,monospace;color:var(--soft);white-space:pre-wrap;overflow-wrap:anywhere;
  max-width:100%;max-height:8em;overflow:auto}
.actions{display:flex;gap:12px;margin-top:12px}
.act{min-width:120px;padding:8px 20px;border-radius:8px;background:var(--press);font-weight:500;color:var(--accent)}
.act.main{background:var(--accent);color:#fff}
.act:active{opacity:.7}
.act:disabled{opacity:.5;cursor:default}
.mask{position:absolute;inset:0;background:rgba(0,0,0,.5);display:flex;align-items:flex-end;animation:eden-fade .15s}
.sheet{width:100%;max-height:90%;display:flex;flex-direction:column;background:var(--front);
  border-radius:12px 12px 0 0;padding-bottom:max(var(--bottom,0px),8px);animation:eden-up .2s;outline:0}
.sheet:focus-visible{outline:0}
.sheet.full{height:100%;max-height:100%;border-radius:0;padding-top:var(--top,0px)}
.sheet.full .body{flex:1}
@keyframes eden-up{from{transform:translateY(100%)}}
@keyframes eden-fade{from{opacity:0}}
@media(prefers-reduced-motion:reduce){.mask,.sheet{animation:none}}
.sheet header{padding:18px 20px 6px;display:flex;gap:10px;align-items:center;font-size:14px;color:var(--soft)}
.sheet header .icon{width:24px;height:24px;font-size:12px;background:var(--back)}
.sheet input{accent-color:var(--accent)}
.sheet h2{margin:0;padding:6px 20px;font-size:18px;font-weight:600;overflow-wrap:anywhere}
.sheet .text{margin:0;padding:2px 20px 10px;color:var(--soft);font-size:14px;white-space:pre-wrap;
  overflow-wrap:anywhere}
.sheet .body{overflow:auto;flex:1 1 auto}
.sheet .actions{justify-content:center;padding:12px 20px}
.sheet .item{display:flex;width:100%;align-items:center;gap:12px;padding:14px 20px;text-align:left;
  border-top:.5px solid var(--line)}
.sheet .item:active{background:var(--press)}
.sheet .item span{flex:1;overflow-wrap:anywhere}
.sheet .item small{display:block;color:var(--soft)}
.sheet .items.centre .item{justify-content:center;text-align:center}
.sheet .last{border-top:6px solid var(--press)!important}
.sheet .field{margin:6px 20px;width:calc(100% - 40px);padding:10px 12px;border-radius:8px;
  border:.5px solid var(--line);background:var(--back);color:inherit;font:inherit}
.sheet dl{display:grid;grid-template-columns:auto 1fr;gap:8px 16px;margin:0;padding:8px 20px 16px;font-size:14px}
.sheet dt{color:var(--soft)}
.sheet dd{margin:0;overflow-wrap:anywhere}
.sheet input[role=switch]{appearance:none;width:46px;height:28px;border-radius:14px;background:var(--line);
  position:relative;flex:none;margin:0;cursor:pointer;transition:background .2s}
.sheet input[role=switch]::after{content:"";position:absolute;left:2px;top:2px;width:24px;height:24px;
  border-radius:50%;background:#fff;transition:transform .2s;box-shadow:0 1px 3px rgba(0,0,0,.3)}
.sheet input[role=switch]:checked{background:var(--accent)}
.sheet input[role=switch]:checked::after{transform:translateX(18px)}
.desk{justify-content:flex-start;padding-top:calc(var(--top,0px) + 32px)}
.desk .tiles{display:flex;flex-wrap:wrap;gap:20px;justify-content:center}
.desk .tile{width:84px;display:flex;flex-direction:column;align-items:center;gap:6px;font-size:13px}
`

/** The shell's only style sheet. Colours are WeUI's, light and dark by `data-theme` on the root. */
export const SHELL_CSS = `
.eden-shell{position:fixed;inset:0;overflow:hidden;font:17px/1.4 -apple-system,BlinkMacSystemFont,"PingFang SC","Helvetica Neue","Noto Sans SC","Microsoft YaHei",sans-serif;
-webkit-text-size-adjust:100%;-webkit-tap-highlight-color:transparent;
--eden-fg-0:rgba(0,0,0,.9);--eden-fg-1:rgba(0,0,0,.55);--eden-fg-2:rgba(0,0,0,.3);--eden-line:rgba(0,0,0,.1);--eden-surface:#fff;
--eden-surface-1:#f7f7f7;--eden-press:#ececec;--eden-link:#576b95;--eden-brand:#07c160;--eden-red:#fa5151;color:var(--eden-fg-0)}
.eden-shell[data-theme=dark]{--eden-fg-0:rgba(255,255,255,.8);--eden-fg-1:rgba(255,255,255,.5);--eden-fg-2:rgba(255,255,255,.3);
--eden-line:rgba(255,255,255,.1);--eden-surface:#2c2c2c;--eden-surface-1:#232323;--eden-press:#373737;--eden-link:#7d90a9;--eden-brand:#06ae56;--eden-red:#cd5c5c}
.eden-shell *,.eden-shell ::before,.eden-shell ::after{box-sizing:border-box}
.eden-shell button{appearance:none;border:0;margin:0;padding:0;background:none;color:inherit;font:inherit;cursor:pointer;touch-action:manipulation}
.eden-shell button:focus{outline:none}
.eden-shell button:focus-visible{outline:2px solid var(--eden-link);outline-offset:-2px}
.eden-shell [hidden]{display:none!important}
.eden-icon{display:inline-flex}

.eden-pages,.eden-page{position:absolute;inset:0;overflow:hidden}
.eden-page{display:flex;flex-direction:column;z-index:2;background:#fff}
.eden-page[data-tab]{z-index:0}
.eden-page[data-away]{visibility:hidden;pointer-events:none}
.eden-dim{position:absolute;inset:0;background:#000;pointer-events:none;z-index:9}

.eden-bar{position:relative;flex:none;height:calc(var(--eden-status-bar) + var(--eden-bar-height));padding-top:var(--eden-status-bar);z-index:2;user-select:none;-webkit-user-select:none}
.eden-bar[data-text=black]{color:rgba(0,0,0,.9)}
.eden-bar[data-text=white]{color:#fff}
.eden-bar-row{position:relative;height:100%;display:flex;align-items:center;justify-content:center;padding:0 var(--eden-capsule)}
.eden-bar-lead{position:absolute;left:var(--safe-area-inset-left);top:0;bottom:0;display:flex}
.eden-bar-lead button{width:44px;display:flex;align-items:center;justify-content:center}
.eden-bar-lead button:active{opacity:.5}
.eden-title{min-width:0;font-weight:500;white-space:nowrap;overflow:hidden;text-overflow:ellipsis}
.eden-spinner{flex:none;width:16px;height:16px;margin-right:6px}
.eden-icon-loading svg,.eden-spinner svg{animation:eden-spin 1s linear infinite;display:block}
@keyframes eden-spin{to{transform:rotate(1turn)}}

.eden-view{position:relative;flex:1;min-height:0;overflow:hidden}
.eden-page[data-tab=bottom] .eden-view{margin-bottom:var(--eden-tab-height)}
.eden-page[data-tab=top] .eden-view{margin-top:var(--eden-tab-height)}
.eden-sheet{position:absolute;inset:0;contain:layout;container-type:size;color:#000;user-select:none;-webkit-user-select:none}
.eden-scroller{position:absolute;inset:0;overflow:hidden auto;overscroll-behavior-y:contain;-webkit-overflow-scrolling:touch;scrollbar-width:none}
.eden-scroller::-webkit-scrollbar{display:none}
.eden-scroller[data-fixed]{overflow:hidden}
.eden-body{height:100%}
.eden-refresh{position:absolute;top:0;left:0;right:0;height:50px;display:flex;align-items:center;justify-content:center;gap:8px;visibility:hidden;color:#000}
.eden-refresh[data-style=light]{color:#fff}
.eden-refresh i{width:8px;height:8px;border-radius:50%;background:currentColor;opacity:.2}
.eden-refresh[data-on] i{animation:eden-dot .9s infinite}
.eden-refresh i:nth-child(2){animation-delay:.3s!important}
.eden-refresh i:nth-child(3){animation-delay:.6s!important}
@keyframes eden-dot{0%,60%,to{opacity:.2}30%{opacity:.5}}

.eden-tabs{position:absolute;left:0;right:0;height:var(--eden-tab-height);display:flex;z-index:1;user-select:none;-webkit-user-select:none}
.eden-tabs[data-position=bottom]{bottom:0;padding-bottom:var(--safe-area-inset-bottom)}
.eden-tabs::before{content:"";position:absolute;left:0;right:0;height:1px;transform:scaleY(.5);background:rgba(0,0,0,.2)}
.eden-tabs[data-border=white]::before{background:rgba(255,255,255,.33)}
.eden-tabs[data-position=bottom]::before{top:0;transform-origin:0 0}
.eden-tabs[data-position=top]::before{bottom:0;transform-origin:0 100%}
.eden-shell .eden-tab{flex:1;min-width:0;height:50px;display:flex;flex-direction:column;align-items:center;justify-content:center;position:relative}
.eden-tab-icon{position:relative;height:28px;min-width:28px;display:block}
.eden-tab-icon img{width:28px;height:28px;object-fit:contain;display:block}
.eden-tab-text{font-size:10px;line-height:14px;max-width:100%;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.eden-tabs[data-plain] .eden-tab-text,.eden-tabs[data-position=top] .eden-tab-text{font-size:14px;line-height:20px}
.eden-tabs[data-position=top] .eden-tab[aria-selected=true]::after{content:"";position:absolute;bottom:0;width:40px;height:2px;background:currentColor}
.eden-tab-mark{position:absolute;left:100%;top:-2px;transform:translateX(-60%);background:var(--eden-red);color:#fff;font-size:11px;line-height:16px;height:16px;min-width:16px;padding:0 4px;border-radius:8px;text-align:center;white-space:nowrap}
.eden-tab-mark[data-dot]{min-width:0;width:8px;height:8px;padding:0;top:1px}
.eden-tabs[data-plain] .eden-tab-mark{left:auto;right:18%}

.eden-layers>*{position:absolute;inset:0;z-index:10}
.eden-layer{display:flex;flex-direction:column;contain:layout}
.eden-mask{position:absolute;inset:0;background:rgba(0,0,0,.6)}
.eden-layers>.eden-toast-host{z-index:30;pointer-events:none;display:flex;justify-content:center;align-items:center}
.eden-toast-host[data-mask]{pointer-events:auto}
.eden-toast{background:#4c4c4c;color:rgba(255,255,255,.9);border-radius:12px;text-align:center;max-width:calc(100vw - 96px);margin-bottom:8vh;padding:12px 16px;font-size:17px;line-height:1.4;word-break:break-word}
.eden-toast span:last-child{display:-webkit-box;-webkit-box-orient:vertical;-webkit-line-clamp:2;overflow:hidden}
.eden-toast[data-icon]{width:136px;min-height:136px;padding:28px 8px 16px;display:flex;flex-direction:column;align-items:center}
.eden-toast[data-icon] span:last-child{margin-top:12px;-webkit-line-clamp:2}
.eden-toast img{width:40px;height:40px;object-fit:contain}

.eden-dialog-host{display:flex;align-items:center;justify-content:center}
.eden-dialog{position:relative;width:min(320px,calc(100vw - 56px));max-height:80%;display:flex;flex-direction:column;background:var(--eden-surface);border-radius:12px;overflow:hidden;text-align:center;outline:none}
.eden-dialog h2{margin:0;padding:32px 24px 16px;font-size:17px;font-weight:700;line-height:1.4;word-break:break-word}
.eden-dialog-content{padding:0 24px;margin-bottom:32px;overflow-y:auto;color:var(--eden-fg-1);word-break:break-word;white-space:pre-wrap}
.eden-dialog-content:first-child{padding-top:32px;color:var(--eden-fg-0)}
.eden-dialog textarea{display:block;width:calc(100% - 48px);margin:0 24px 32px;padding:10px;border:0;border-radius:4px;background:var(--eden-surface-1);color:var(--eden-fg-0);font:inherit;resize:none;outline:none;min-height:44px}
.eden-dialog h2+textarea{margin-top:0}
.eden-dialog-actions{position:relative;flex:none;display:flex;min-height:56px;border-top:.5px solid var(--eden-line)}
.eden-dialog-actions button{flex:1;min-width:0;padding:8px;font-weight:700;overflow:hidden;text-overflow:ellipsis}
.eden-dialog-actions button+button{border-left:.5px solid var(--eden-line)}
.eden-dialog-actions button:active,.eden-sheet-item:active{background:var(--eden-press)!important}
.eden-dialog-cancel{color:var(--eden-fg-0)}
.eden-dialog-confirm{color:var(--eden-link)}

.eden-action-sheet{position:absolute;left:0;right:0;bottom:0;max-height:90%;overflow-y:auto;background:var(--eden-surface-1);border-radius:12px 12px 0 0;text-align:center;outline:none}
.eden-action-title{padding:16px 24px;font-size:12px;color:var(--eden-fg-1);background:var(--eden-surface);border-bottom:.5px solid var(--eden-line)}
.eden-shell .eden-sheet-item{display:block;width:100%;min-height:56px;padding:16px;background:var(--eden-surface);color:var(--eden-fg-0)}
.eden-sheet-item+.eden-sheet-item{border-top:.5px solid var(--eden-line)!important}
.eden-shell .eden-sheet-cancel{margin-top:8px;padding-bottom:calc(16px + var(--safe-area-inset-bottom));min-height:calc(56px + var(--safe-area-inset-bottom))}
@media (prefers-reduced-motion:reduce){.eden-refresh[data-on] i{animation-duration:3s}}
`

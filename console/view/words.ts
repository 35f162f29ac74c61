/** Every word of the console, in each language. What the API says in sentences is shown as it came. */

import { ACCESS_CHINESE, ACCESS_ENGLISH } from './words-access.ts';
import { APPS_CHINESE, APPS_ENGLISH } from './words-apps.ts';
import { CLUSTERS_CHINESE, CLUSTERS_ENGLISH } from './words-clusters.ts';
import { EDITORS_CHINESE, EDITORS_ENGLISH } from './words-editors.ts';
import { LIVE_CHINESE, LIVE_ENGLISH } from './words-live.ts';
import { SITES_CHINESE, SITES_ENGLISH } from './words-sites.ts';

export const LANGUAGES = ['en', 'zh'] as const;
export type Language = (typeof LANGUAGES)[number];

const ENGLISH = {
  ...SITES_ENGLISH,
  ...CLUSTERS_ENGLISH,
  ...APPS_ENGLISH,
  ...ACCESS_ENGLISH,
  ...EDITORS_ENGLISH,
  ...LIVE_ENGLISH,
  product: 'Isthmus',
  home: 'Home',
  events: 'Events',
  signOut: 'Sign out',
  signIn: 'Sign in',
  key: 'API key',
  keyHint: 'It begins with isk_ and is kept until you close this tab.',
  keyRefused: 'This key was refused: it is wrong, was revoked, or ended. Ask whoever gave it to you.',
  loading: 'Loading…',
  failed: 'The control plane did not answer as it should.',
  stale: 'What you see may be old.',
  unknownScreen: 'There is no such page.',
  isolation: 'Isolation',
  isolate: 'Isolate',
  switchOpen: 'Open: its sites reach each other',
  switchIsolated: 'Isolated: only what a policy allows flows',
  switchApplying: 'Applying…',
  switchWithoutAgents: 'No agent is joined yet',
  allReported: 'Edges and hubs that hold it:',
  waitingFor: 'Waiting for',
  silent: 'not heard',
  behind: 'has an older document',
  refused: 'refused its document',
  compiling: 'its newest document does not say it yet',
  switchBroken: 'It does not hold',
  trafficNow: 'Traffic now',
  trafficUnknown: 'The hubs have to tell of it twice first.',
  fromSites: 'From sites',
  toSites: 'To sites',
  provedBy: 'Proved by packets from edges:',
  proving: 'is trying whether packets pass',
  leaks: 'sent packets that no policy allows, and they were answered',
  unreached: 'its control probe is not answered, so nothing is shown',
  uncounted: 'its packets are not answered, and no firewall counts them',
  conflict: 'Somebody changed it meanwhile. Look again, then decide.',
  sites: 'Sites',
  site: 'Site',
  tenant: 'Tenant',
  tenants: 'Tenants',
  hubs: 'Hubs',
  hub: 'Hub',
  edges: 'Edges',
  state: 'State',
  statement: 'What is said of it',
  age: 'Age',
  good: 'well',
  waiting: 'waiting',
  unknown: 'unknown',
  bad: 'down',
  wantsPerson: 'Needs a person',
  nothingWants: 'Nothing waits for you.',
  fault: 'fault',
  decision: 'to decide',
  passing: 'passing',
  andMore: 'And more:',
  approve: 'Approve',
  none: 'None yet.',
  lately: 'Lately',
  time: 'Time',
  actor: 'Who',
  action: 'What',
  detail: 'Detail',
  prefixes: 'Prefixes',
  language: '中文',
};

export type Words = typeof ENGLISH;

const CHINESE: Words = {
  ...SITES_CHINESE,
  ...CLUSTERS_CHINESE,
  ...APPS_CHINESE,
  ...ACCESS_CHINESE,
  ...EDITORS_CHINESE,
  ...LIVE_CHINESE,
  product: 'Isthmus',
  home: '首页',
  events: '事件',
  signOut: '退出',
  signIn: '登录',
  key: 'API 密钥',
  keyHint: '以 isk_ 开头，仅保存到关闭此标签页为止。',
  keyRefused: '密钥被拒绝：它有误、已撤销或已失效。请联系密钥的提供者。',
  loading: '加载中…',
  failed: '控制平面没有正常应答。',
  stale: '您看到的内容可能已过时。',
  unknownScreen: '没有这个页面。',
  isolation: '隔离',
  isolate: '隔离',
  switchOpen: '开放：各站点可互相访问',
  switchIsolated: '已隔离：仅策略允许的流量可通行',
  switchApplying: '正在生效…',
  switchWithoutAgents: '尚无代理加入',
  allReported: '已生效的边缘与枢纽数：',
  waitingFor: '正在等待',
  silent: '没有音讯',
  behind: '文档版本较旧',
  refused: '拒绝了其文档',
  compiling: '最新文档尚未包含此变更',
  switchBroken: '隔离未生效',
  trafficNow: '当前流量',
  trafficUnknown: '需等待枢纽上报两次。',
  fromSites: '来自站点',
  toSites: '发往站点',
  provedBy: '已由数据包验证的边缘数：',
  proving: '正在测试数据包能否通过',
  leaks: '发出了策略不允许的数据包，并得到了应答',
  unreached: '对照探测没有应答，因此无法证明',
  uncounted: '数据包没有应答，也没有防火墙计数',
  conflict: '期间有人修改过。请重新查看后再决定。',
  sites: '站点',
  site: '站点',
  tenant: '租户',
  tenants: '租户',
  hubs: '枢纽',
  hub: '枢纽',
  edges: '边缘',
  state: '状态',
  statement: '说明',
  age: '时间',
  good: '正常',
  waiting: '等待中',
  unknown: '未知',
  bad: '中断',
  wantsPerson: '需要人工处理',
  nothingWants: '没有待处理的事项。',
  fault: '故障',
  decision: '待决定',
  passing: '进行中',
  andMore: '还有：',
  approve: '批准',
  none: '暂无。',
  lately: '最近',
  time: '时间',
  actor: '操作者',
  action: '操作',
  detail: '详情',
  prefixes: '网段',
  language: 'English',
};

export function wordsOf(language: Language): Words {
  return language === 'zh' ? CHINESE : ENGLISH;
}

const MINUTE = 60;
const HOUR = 3_600;
const DAY = 86_400;
/** Clocks of a browser and of the control plane differ by more than this only if one is wrong. */
const NOW_SECONDS = 2;

/** How long ago, as short as can be. */
export function ageWords(seconds: number, language: Language): string {
  const zh = language === 'zh';
  if (seconds <= NOW_SECONDS) return zh ? '刚刚' : 'now';
  if (seconds < MINUTE) return zh ? `${seconds} 秒前` : `${seconds} s ago`;
  if (seconds < HOUR)
    return zh ? `${Math.floor(seconds / MINUTE)} 分钟前` : `${Math.floor(seconds / MINUTE)} min ago`;
  if (seconds < DAY)
    return zh ? `${Math.floor(seconds / HOUR)} 小时前` : `${Math.floor(seconds / HOUR)} h ago`;
  return zh ? `${Math.floor(seconds / DAY)} 天前` : `${Math.floor(seconds / DAY)} d ago`;
}

/** How long from now. */
export function untilWords(seconds: number, language: Language): string {
  const minutes = Math.ceil(seconds / MINUTE);
  const shown = seconds < MINUTE ? seconds : minutes;
  if (language === 'zh') return seconds < MINUTE ? `${shown} 秒后` : `${shown} 分钟后`;
  return seconds < MINUTE ? `in ${shown} s` : `in ${shown} min`;
}

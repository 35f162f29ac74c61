/** The words of signing in at a provider, in each language. */
import type { Language } from './words.ts';

const ENGLISH = {
  with: (name: string) => `Sign in with ${name}`,
  or: 'Or with an API key:',
  underWay: 'Signing in…',
  unasked: 'The control plane did not say where else to sign in.',
  failed:
    'The sign-in did not work. Begin again; if that does not help, show this to whoever runs the provider:',
  ended: 'Your sign-in has ended, or was not taken. Sign in again.',
  noRole: 'You are signed in, and have no role yet.',
  noRoleHint:
    'Send this to whoever gives out roles here; a binding for it, or for a group of yours, lets you in:',
  tryAgain: 'Try again',
};

export type SignInWords = typeof ENGLISH;

const CHINESE: SignInWords = {
  with: (name) => `使用 ${name} 登录`,
  or: '或使用 API 密钥：',
  underWay: '正在登录…',
  unasked: '控制平面没有说明其他登录方式。',
  failed: '登录未成功。请重新开始；若仍不行，请将以下内容告知身份提供方的管理者：',
  ended: '您的登录已结束或未被接受。请重新登录。',
  noRole: '您已登录，但尚未获得任何角色。',
  noRoleHint: '请把以下内容发给这里分配角色的人；为它或您所在的组建立绑定后即可使用：',
  tryAgain: '重试',
};

export function signInWords(language: Language): SignInWords {
  return language === 'zh' ? CHINESE : ENGLISH;
}

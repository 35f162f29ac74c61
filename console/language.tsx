/** The language of the page: of the browser, unless somebody chose another one here. */
import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from 'react';
import { type Language, type Words, wordsOf } from './view/words.ts';

const STORED = 'isthmus.language';

interface Speaking {
  readonly language: Language;
  readonly words: Words;
  change(language: Language): void;
}

const LanguageContext = createContext<Speaking | undefined>(undefined);

export function LanguageProvider({ children }: { readonly children: ReactNode }) {
  const [language, setLanguage] = useState(firstLanguage);
  useEffect(() => {
    document.documentElement.lang = language;
  }, [language]);
  const speaking = useMemo<Speaking>(
    () => ({
      language,
      words: wordsOf(language),
      change: (chosen) => {
        localStorage.setItem(STORED, chosen);
        setLanguage(chosen);
      },
    }),
    [language],
  );
  return <LanguageContext.Provider value={speaking}>{children}</LanguageContext.Provider>;
}

export function useLanguage(): Speaking {
  const speaking = useContext(LanguageContext);
  if (speaking === undefined) throw new Error('There is no LanguageProvider around this.');
  return speaking;
}

function firstLanguage(): Language {
  return (localStorage.getItem(STORED) ?? navigator.language).startsWith('zh') ? 'zh' : 'en';
}

/** Where the console begins in the browser. */
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';
import { LanguageProvider } from './language.tsx';
import { SessionProvider } from './session.tsx';
// Of charts and terminals, which are loaded later: their scripts bring no style along.
import '@xterm/xterm/css/xterm.css';
import 'uplot/dist/uPlot.min.css';
import './look.css';
import './pages.css';

const root = document.getElementById('console');
if (root !== null)
  createRoot(root).render(
    <QueryClientProvider client={new QueryClient({ defaultOptions: { queries: { retry: 1 } } })}>
      <LanguageProvider>
        <SessionProvider>
          <App />
        </SessionProvider>
      </LanguageProvider>
    </QueryClientProvider>,
  );

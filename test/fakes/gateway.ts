/**
 * A gateway that holds state: files, a running HAProxy, certificates and a clock. It takes steps as the real one does and
 * refuses what the real one refuses. It knows nothing of plans.
 */
import type { GatewayStep, MapEntry, SlotFile } from '../../edge-agent/plan/gateway.ts';
import type { ClusterEntry } from '../../edge-agent/plan/gateway-clusters.ts';
import { filedGroups, type ObservedGroup } from '../../edge-agent/plan/gateway-groups.ts';
import { NOWHERE } from '../../edge-agent/plan/gateway-names.ts';
import type {
  CertificateFile,
  ObservedGateway,
  ObservedSlot,
  SuppliedCertificate,
} from '../../edge-agent/plan/gateway-observed.ts';

interface Running {
  revision: string;
  slots: ObservedSlot[];
  groups: ObservedGroup[];
  routes: MapEntry[];
  clusters: ClusterEntry[] | undefined;
  certificates: CertificateFile[];
}

const REVISION = /revision (\S+)/;

export class FakeGateway {
  running: Running | undefined;
  base: string | undefined;
  slots: SlotFile = { size: 0, used: [], groups: [] };
  routes: readonly MapEntry[] = [];
  clusters: readonly ClusterEntry[] | undefined;
  certificates: readonly string[] = [];
  own: SuppliedCertificate | undefined;
  supplied: SuppliedCertificate[] = [];
  reloads = 0;
  readonly ownFile: string;
  private made = 0;

  constructor(ownFile: string) {
    this.ownFile = ownFile;
  }

  observe(): ObservedGateway {
    return structuredClone({
      running: this.running,
      files: {
        base: this.base,
        slots: this.slots,
        routes: this.routes,
        clusters: this.clusters,
        certificates: this.certificates,
      },
      own: this.own,
      supplied: this.supplied,
      unusable: [],
      authority: 'PEM',
    });
  }

  wait(seconds: number): void {
    if (this.running === undefined) return;
    this.running.slots = this.running.slots.map((slot) => ({
      ...slot,
      sinceSeconds: slot.sinceSeconds + seconds,
    }));
  }

  /** What an operator, a crash or a running request does. */
  crash(): void {
    this.running = undefined;
  }
  supply(certificates: readonly SuppliedCertificate[]): void {
    this.supplied = [...certificates];
  }
  occupy(slot: number, sessions: number): void {
    this.replaceSlot({ ...this.slot(slot), sessions });
  }

  take(step: GatewayStep): void {
    switch (step.kind) {
      case 'gateway.make-certificate':
        this.made += 1;
        this.own = { file: this.ownFile, fingerprint: `OWN${this.made}`, names: step.names, daysLeft: 397 };
        return;
      case 'gateway.write-certificates':
        this.certificates = step.files;
        return;
      case 'gateway.write-base':
        this.base = step.text;
        return;
      case 'gateway.write-slots':
        this.slots = step.slots;
        return;
      case 'gateway.write-routes':
        this.routes = step.routes;
        return;
      case 'gateway.write-clusters':
        this.clusters = step.clusters;
        return;
      case 'gateway.start':
        if (this.running !== undefined) throw new Error('started twice');
        return this.comeUp();
      case 'gateway.reload':
        this.here();
        this.reloads += 1;
        return this.comeUp();
      case 'gateway.add-certificate':
      case 'gateway.load-certificate':
      case 'gateway.remove-certificate':
        return this.takeCertificate(step);
      case 'gateway.set-slot':
        return this.replaceSlot({ ...this.slot(step.slot), ...step, state: 'ready', sinceSeconds: 0 });
      case 'gateway.drain-slot':
        return this.replaceSlot({ ...this.slot(step.slot), state: 'draining', sinceSeconds: 0 });
      case 'gateway.release-slot':
        return this.replaceSlot({
          ...NOWHERE,
          slot: step.slot,
          state: 'closed',
          sinceSeconds: 0,
          sessions: 0,
        });
      case 'gateway.open-server':
      case 'gateway.close-server':
        return this.takeServer(step);
      case 'gateway.add-route':
      case 'gateway.move-route':
      case 'gateway.remove-route':
        return this.takeRoute(step);
      case 'gateway.add-cluster':
      case 'gateway.move-cluster':
      case 'gateway.remove-cluster':
        return this.takeCluster(step);
    }
  }

  private takeRoute(
    step: Extract<GatewayStep, { kind: `gateway.${'add' | 'move' | 'remove'}-route` }>,
  ): void {
    const running = this.here();
    const known = running.routes.some(({ key }) => key === step.key);
    if (known === (step.kind === 'gateway.add-route')) throw new Error(`${step.kind} ${step.key}`);
    const others = running.routes.filter(({ key }) => key !== step.key);
    running.routes =
      step.kind === 'gateway.remove-route' ? others : [...others, { key: step.key, to: step.to }];
  }

  private takeServer(
    step: Extract<GatewayStep, { kind: 'gateway.open-server' | 'gateway.close-server' }>,
  ): void {
    const running = this.here();
    const group = running.groups.find(({ name }) => name === step.group);
    if (group?.servers[step.server - 1] === undefined) throw new Error(`no ${step.group}/${step.server}`);
    const servers = group.servers.map((found) => {
      if (found.server !== step.server) return found;
      if (step.kind === 'gateway.close-server') return { ...found, state: 'closed' as const };
      return { server: found.server, address: step.address, port: step.port, state: 'ready' as const };
    });
    running.groups = running.groups.map((one) => (one === group ? { ...one, servers } : one));
  }

  private takeCluster(
    step: Extract<GatewayStep, { kind: `gateway.${'add' | 'move' | 'remove'}-cluster` }>,
  ): void {
    const running = this.here();
    if (running.clusters === undefined) throw new Error('there is no map of clusters');
    const known = running.clusters.some(({ host }) => host === step.host);
    if (known === (step.kind === 'gateway.add-cluster')) throw new Error(`${step.kind} ${step.host}`);
    const others = running.clusters.filter(({ host }) => host !== step.host);
    running.clusters =
      step.kind === 'gateway.remove-cluster'
        ? others
        : [...others, { host: step.host, address: step.address }];
  }

  private takeCertificate(
    step: Extract<GatewayStep, { kind: `gateway.${'add' | 'load' | 'remove'}-certificate` }>,
  ): void {
    const running = this.here();
    const known = running.certificates.some(({ file }) => file === step.file);
    if (known === (step.kind === 'gateway.add-certificate')) throw new Error(`${step.kind} ${step.file}`);
    const others = running.certificates.filter(({ file }) => file !== step.file);
    running.certificates =
      step.kind === 'gateway.remove-certificate' ? others : [...others, this.onDisk(step.file)];
  }

  /** What HAProxy reads when it starts or reloads. */
  private comeUp(): void {
    const revision = REVISION.exec(this.base ?? '')?.[1];
    if (revision === undefined) throw new Error('no configuration');
    const used = new Map(this.slots.used.map((slot) => [slot.slot, slot]));
    this.running = {
      revision,
      slots: Array.from({ length: this.slots.size }, (_, index) => {
        const target = used.get(index + 1);
        const rest = { slot: index + 1, sinceSeconds: 0, sessions: 0 };
        return target === undefined
          ? { ...NOWHERE, ...rest, state: 'closed' as const }
          : { ...target, ...rest, state: 'ready' as const };
      }),
      groups: filedGroups(this.slots.groups),
      routes: [...this.routes],
      clusters: this.filed(),
      certificates: this.certificates.map((file) => this.onDisk(file)),
    };
  }

  /** HAProxy does not start without a map that its configuration names. */
  private filed(): ClusterEntry[] {
    if (this.clusters === undefined) throw new Error('no map of clusters');
    return [...this.clusters];
  }

  private onDisk(file: string): CertificateFile {
    const found = [...this.supplied, ...(this.own === undefined ? [] : [this.own])].find(
      (one) => one.file === file,
    );
    if (found === undefined) throw new Error(`no file ${file}`);
    return { file, fingerprint: found.fingerprint };
  }

  private here(): Running {
    if (this.running === undefined) throw new Error('nothing runs');
    return this.running;
  }

  private slot(number: number): ObservedSlot {
    const found = this.here().slots[number - 1];
    if (found === undefined) throw new Error(`no slot ${number}`);
    return found;
  }

  private replaceSlot({ slot, address, port, state, sinceSeconds, sessions }: ObservedSlot): void {
    this.slot(slot);
    this.here().slots[slot - 1] = { slot, address, port, state, sinceSeconds, sessions };
  }
}

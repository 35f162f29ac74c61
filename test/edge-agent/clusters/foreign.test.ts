/** What workloads take that are not of Isthmus: counted as each orchestrator counts, ours never among them. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { foreignOf, RequestingPod } from '../../../edge-agent/clusters/kubernetes-foreign.ts';
import { foreignOf as foreignInMesos } from '../../../edge-agent/clusters/mesos-facts.ts';

const asking = (cpu: string, memory: string) => ({ resources: { requests: { cpu, memory } } });

describe('in Kubernetes', () => {
  test.each<[string, object, object]>([
    [
      'what containers of a pod ask for together',
      { nodeName: 'n1', containers: [asking('250m', '64Mi'), asking('1', '1Gi'), {}] },
      { cpuMillis: 1_250, memoryMib: 1_088, pods: 1 },
    ],
    [
      'what the greediest asks for that runs before them, if it is more',
      { nodeName: 'n1', containers: [asking('1', '64Mi')], initContainers: [asking('2', '32Mi')] },
      { cpuMillis: 2_000, memoryMib: 64, pods: 1 },
    ],
    [
      'its sandbox beside',
      { nodeName: 'n1', containers: [asking('1', '64Mi')], overhead: { cpu: '100m', memory: '16Mi' } },
      { cpuMillis: 1_100, memoryMib: 80, pods: 1 },
    ],
    [
      'nothing of a pod that waits for a node',
      { containers: [asking('1', '1Gi')] },
      { cpuMillis: 0, memoryMib: 0, pods: 0 },
    ],
  ])('%s', (_name, spec, foreign) => {
    expect(foreignOf([RequestingPod.parse({ spec })])).toEqual(foreign);
  });

  test('many pods take what each of them takes', () => {
    const cpuMillis = fc.integer({ min: 0, max: 64_000 });
    fc.assert(
      fc.property(fc.array(fc.tuple(cpuMillis, fc.integer({ min: 0, max: 4_096 }))), (all) => {
        const pods = all.map(([cpu, memory]) =>
          RequestingPod.parse({ spec: { nodeName: 'n', containers: [asking(`${cpu}m`, `${memory}Mi`)] } }),
        );
        const { cpuMillis: cpu, memoryMib, pods: count } = foreignOf(pods);
        const sum = (at: 0 | 1) => all.reduce((total, one) => total + one[at], 0);
        // Decimal quantities are added as they are: one thousandth may come of that.
        expect(Math.abs(cpu - sum(0))).toBeLessThanOrEqual(1);
        expect([memoryMib, count]).toEqual([sum(1), all.length]);
      }),
      { seed: 34 },
    );
  });
});

describe('in Mesos', () => {
  const framework = (id: string, cpus: number, mem: number) => ({
    framework_info: { id: { value: id } },
    allocated_resources: [
      { name: 'cpus', type: 'SCALAR', scalar: { value: cpus } },
      { name: 'mem', type: 'SCALAR', scalar: { value: mem } },
    ],
  });

  test('what all frameworks but ours hold', () => {
    const all = [framework('ours', 1, 512), framework('spark', 1.5, 1_024), framework('other', 0.5, 64)];
    expect(foreignInMesos(all, 'ours')).toEqual({ cpuMillis: 2_000, memoryMib: 1_088, pods: 0 });
    expect(foreignInMesos(all, undefined).cpuMillis).toBe(3_000);
    expect(foreignInMesos([], 'ours')).toEqual({ cpuMillis: 0, memoryMib: 0, pods: 0 });
  });
});

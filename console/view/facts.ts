/** The parts of the API's answers that the screens decide by: no more than they need, so that a test can write them down. */

export interface ConditionFacts {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message: string;
  readonly lastTransitionTime: string;
}

/** An edge or a hub. */
export interface AgentFacts {
  readonly name: string;
  readonly conditions: readonly ConditionFacts[];
}

export interface SiteFacts extends AgentFacts {
  readonly tenant: string;
}

export interface EdgeFacts extends AgentFacts {
  readonly tenant: string;
  readonly site: string;
}

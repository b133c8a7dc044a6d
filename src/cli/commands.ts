import type { CommandTable } from './command.ts';

/** Every verb. Adding one is a line here and a file `src/cli/<verb>.ts` that exports `command`; verbs of a noun lie in its folder. */
export const COMMANDS: CommandTable = {
  demo: {
    summary: 'Run everything here: the shipped example as live traffic through all four stages',
    examples: [
      'demo',
      'demo --auto-approve --speed 7200',
      'demo --until 2001-02-12 --headless --auto-approve --summary out.json',
    ],
    load: () => import('./demo.ts'),
  },
  drill: {
    summary: 'Rehearse trouble: break something on purpose, say what is expected and whether it holds',
    examples: ['drill', 'drill label-feed-stopped', 'drill postgres-gone --away 20 --json'],
    load: () => import('./drill.ts'),
  },
  up: {
    summary: 'Run the platform here for models of your own, with a gateway or with traffic routers that run elsewhere',
    examples: ['up', 'up --gateways http://127.0.0.1:9480 --headless'],
    load: () => import('./up.ts'),
  },
  doctor: {
    summary: 'Look whether this machine has what is needed',
    examples: ['doctor', 'doctor --json'],
    load: () => import('./doctor.ts'),
  },
  reset: {
    summary: 'Forget all records, workflows and logs here',
    examples: ['reset', 'reset --yes flight-delay', 'reset --dry-run'],
    load: () => import('./reset.ts'),
  },
  start: {
    summary: 'Start the life cycle of a model; one that runs goes on',
    examples: ['start models/flight-delay.yaml'],
    load: () => import('./start.ts'),
  },
  status: {
    summary: 'Say how a model stands, or list the models that run',
    examples: ['status', 'status flight-delay', 'status flight-delay --json'],
    load: () => import('./status.ts'),
  },
  explain: {
    summary: 'Say in words where a process is, what it waits for, and the next action',
    examples: ['explain flight-delay', 'explain rollout/flight-delay/9f3a2c41-1'],
    load: () => import('./explain.ts'),
  },
  inbox: {
    summary: 'List everything that waits for a person, the oldest first, with the command that answers it',
    examples: ['inbox', 'inbox flight-delay --as ana', 'inbox --json'],
    load: () => import('./inbox.ts'),
  },
  watch: {
    summary: 'Follow a rollout to its outcome, or a model for as long as wanted',
    examples: [
      'watch rollout/flight-delay/9f3a2c41-1',
      'watch flight-delay --timeout 60',
      'watch rollout/flight-delay/9f3a2c41-1 --json',
    ],
    lines: true,
    load: () => import('./watch.ts'),
  },
  views: {
    summary: 'Print links that install saved views in the web UI',
    examples: ['views', 'views --ui https://temporal.example.org', 'views --json'],
    load: () => import('./views.ts'),
  },
  approve: {
    summary: 'Say yes to leaving a step, bound to the evidence it is based on',
    examples: [
      'approve rollout/flight-delay/9f3a2c41-1 --evidence 5d41402abc4b2a76 --as ana --reason "evidence reviewed"',
    ],
    load: () => import('./approve.ts'),
  },
  reject: {
    summary: 'Say no: the candidate is withdrawn and its exposure returns to 0',
    examples: ['reject rollout/flight-delay/9f3a2c41-1 --as ana --reason "the launch is called off"'],
    load: () => import('./reject.ts'),
  },
  pause: {
    summary: 'Keep the exposure where it is; harm still rolls back',
    examples: ['pause rollout/flight-delay/9f3a2c41-1 --as ana --reason "holiday traffic"'],
    load: () => import('./pause.ts'),
  },
  resume: {
    summary: 'End a pause',
    examples: ['resume rollout/flight-delay/9f3a2c41-1 --as ana --reason "holiday is over"'],
    load: () => import('./resume.ts'),
  },
  rollback: {
    summary: 'Return the exposure to 0 at once and for good',
    examples: ['rollback rollout/flight-delay/9f3a2c41-1 --as ana --reason "complaints from users"'],
    load: () => import('./rollback.ts'),
  },
  extend: {
    summary: 'Give the present step more event time before its deadline; it widens nothing',
    examples: ['extend rollout/flight-delay/9f3a2c41-1 --by P3D --as ana --reason "labels are late this week"'],
    load: () => import('./extend.ts'),
  },
  rebase: {
    summary: 'Put a rollout in flight under another policy: exposure may shrink by it and never grows',
    examples: [
      'rebase rollout/flight-delay/9f3a2c41-1 --model models/flight-delay.yaml --as ana --reason "a slice was missing"',
    ],
    load: () => import('./rebase.ts'),
  },
  case: {
    summary: 'Judge the case that an incident proposes for the validation suite',
    verbs: {
      accept: {
        summary: 'Take the case into the suite, for good: every later candidate has to pass it',
        examples: [
          'case accept incident/flight-delay/2001-02-25-1 --as ana --reason "storms come back"',
          'case accept incident/flight-delay/2001-02-25-1 --max-regression 5 --as ana --reason "storms come back"',
        ],
        load: () => import('./case/accept.ts'),
      },
      decline: {
        summary: 'Leave the case out; the reason is kept',
        examples: [
          'case decline incident/flight-delay/2001-02-25-1 --as ana --reason "a feed was switched off by hand"',
        ],
        load: () => import('./case/decline.ts'),
      },
    },
  },
  label: {
    summary: 'Answer what people are asked about requests whose outcome has not come',
    verbs: {
      tasks: {
        summary: 'List the tasks of a campaign that wait for people, with everything that is known of them',
        examples: [
          'label tasks campaign/flight-delay/2001-02-25-1',
          'label tasks campaign/flight-delay/2001-02-25-1 --as ana --json',
        ],
        load: () => import('./label/tasks.ts'),
      },
      answer: {
        summary: 'Say what the outcome of a request was; one answer a person and task, and it stands',
        examples: [
          'label answer campaign/flight-delay/2001-02-25-1 t01 yes --as ana',
          'label answer campaign/flight-delay/2001-02-25-1 t02 no --as ana --remark "the gate log says so" --json',
        ],
        load: () => import('./label/answer.ts'),
      },
      adjudicate: {
        summary: 'Settle a task on which people disagree',
        examples: [
          'label adjudicate campaign/flight-delay/2001-02-25-1 t03 yes --as dora --reason "the receipt says so"',
        ],
        load: () => import('./label/adjudicate.ts'),
      },
    },
  },
  evidence: {
    summary: 'Record what somebody else has measured',
    verbs: {
      push: {
        summary: 'Record batches of counts for a rollout, then tell it; each batch counts once',
        examples: [
          'evidence push rollout/flight-delay/9f3a2c41-1 refunds.jsonl',
          'evidence push rollout/flight-delay/9f3a2c41-1 - --as metrics-job --json < refunds.jsonl',
        ],
        load: () => import('./evidence/push.ts'),
      },
    },
  },
  notification: {
    summary: 'Messages to people when one is needed',
    verbs: {
      test: {
        summary: 'Send a test message to the channels of a model file, from here',
        examples: [
          'notification test models/flight-delay.yaml',
          'notification test models/flight-delay.yaml --channel team --dry-run',
        ],
        load: () => import('./notification/test.ts'),
      },
    },
  },
  completion: {
    summary: 'Print a script that completes commands and options in a shell: bash, zsh or fish',
    examples: ['completion bash', 'completion zsh', 'completion fish'],
    load: () => import('./completion.ts'),
  },
  verify: {
    summary: 'Judge the whole chain of a rollout’s decisions again from its records, and say the first difference',
    examples: [
      'verify rollout/flight-delay/9f3a2c41-1',
      'verify rollout/flight-delay/9f3a2c41-1 --state-dir .holdfast --json',
    ],
    load: () => import('./verify.ts'),
  },
  report: {
    summary: 'Write one page of evidence that needs no network: is it safe to widen, and why',
    examples: [
      'report rollout/flight-delay/9f3a2c41-1 --out evidence.html',
      'report rollout/flight-delay/9f3a2c41-1 --decision 5d41402abc4b2a76 --json',
    ],
    load: () => import('./report.ts'),
  },
  gate: {
    summary: 'Judge a past comparison, plan one, or try a policy out: the gate without a rollout',
    verbs: {
      analyze: {
        summary: 'Judge any past comparison as the gate would have, look by look',
        examples: [
          'gate analyze my_ab.csv --unit user --arm variant --time assigned_at --loss failed',
          'gate analyze my_ab.parquet --unit user --arm variant --time assigned_at --gain converted --margin 0.005 --exposure 0.5',
          'gate analyze --cohorts cohorts.jsonl --policy policy.yaml --json',
        ],
        load: () => import('./gate/analyze.ts'),
      },
      plan: {
        summary: 'Say how many units and days each step of a ladder takes, and what never concludes',
        examples: [
          'gate plan --base 0.05 --units-per-day 24000 --margin 0.02',
          'gate plan my_ab.csv --unit user --arm variant --time assigned_at --loss failed --margin 0.01 --steps 0.01,0.1,0.5',
          'gate plan --base 0.02 --units-per-day 100000 --policy policy.yaml --harms 0.005,0.02 --json',
        ],
        load: () => import('./gate/plan.ts'),
      },
      simulate: {
        summary: 'Try a policy out on candidates of known difference, beside the rules people use',
        examples: [
          'gate simulate --base 0.05 --units-per-day 24000 --margin 0.02 --chart out.svg',
          'gate simulate --base 0.02 --units-per-day 5000 --policy policy.yaml --differences 0,0.01,0.05 --replications 5000 --json',
        ],
        load: () => import('./gate/simulate.ts'),
      },
    },
  },
  plan: {
    summary: 'Say how long a rollout of a model takes, what it finds how soon, and what can never conclude',
    examples: [
      'plan models/flight-delay.yaml',
      'plan models/flight-delay.yaml --claim improve --gain 13 --start 2001-02-05',
    ],
    load: () => import('./plan.ts'),
  },
  validate: {
    summary: 'Judge a model file and say in words what it declares',
    examples: ['validate models/flight-delay.yaml', 'validate models/flight-delay.yaml --json'],
    load: () => import('./validate.ts'),
  },
};

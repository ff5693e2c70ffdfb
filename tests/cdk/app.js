// Ten stacks as a CDK app writes them; `node app.js` writes them to $CDK_OUTDIR. No account is needed.
const cdk = require('aws-cdk-lib');
const iam = require('aws-cdk-lib/aws-iam');
const s3 = require('aws-cdk-lib/aws-s3');
const kms = require('aws-cdk-lib/aws-kms');
const lambda = require('aws-cdk-lib/aws-lambda');
const sns = require('aws-cdk-lib/aws-sns');
const sqs = require('aws-cdk-lib/aws-sqs');
const subs = require('aws-cdk-lib/aws-sns-subscriptions');
const sources = require('aws-cdk-lib/aws-lambda-event-sources');
const dynamodb = require('aws-cdk-lib/aws-dynamodb');
const secrets = require('aws-cdk-lib/aws-secretsmanager');
const sfn = require('aws-cdk-lib/aws-stepfunctions');
const tasks = require('aws-cdk-lib/aws-stepfunctions-tasks');

// With METADATA=yes, as the CDK's command line has it: construct paths and asset paths are noted in the templates.
const noted = process.env.METADATA === 'yes';
const app = new cdk.App({
  analyticsReporting: false,
  context: { 'aws:cdk:enable-path-metadata': noted, 'aws:cdk:enable-asset-metadata': noted },
});
const code = lambda.Code.fromInline('exports.handler = async () => {}');
const fn = (scope, id, more) =>
  new lambda.Function(scope, id, { code, handler: 'index.handler', runtime: lambda.Runtime.NODEJS_24_X, ...more });

// 1: a bucket that anyone may read, and one that only TLS reaches.
class Website extends cdk.Stack {
  constructor(scope, id, props) {
    super(scope, id, props);
    const site = new s3.Bucket(this, 'Site', {
      blockPublicAccess: new s3.BlockPublicAccess({
        blockPublicAcls: false, blockPublicPolicy: false, ignorePublicAcls: false, restrictPublicBuckets: false,
      }),
      publicReadAccess: true,
    });
    new cdk.CfnOutput(this, 'Url', { value: site.bucketWebsiteUrl });
    new s3.Bucket(this, 'Private', { enforceSSL: true });
  }
}
new Website(app, 'Website');

// 2: a function that reads a table, with a role of its own.
class Reader extends cdk.Stack {
  constructor(scope, id, props) {
    super(scope, id, props);
    const table = new dynamodb.Table(this, 'Orders', { partitionKey: { name: 'id', type: dynamodb.AttributeType.STRING } });
    table.grantReadData(fn(this, 'Reader'));
  }
}
new Reader(app, 'Reader');

// 3: an administrator, and a role that passes any role.
class Powers extends cdk.Stack {
  constructor(scope, id, props) {
    super(scope, id, props);
    const admin = new iam.Role(this, 'Admin', { assumedBy: new iam.AccountRootPrincipal() });
    admin.addManagedPolicy(iam.ManagedPolicy.fromAwsManagedPolicyName('AdministratorAccess'));
    const deploy = new iam.Role(this, 'Deploy', { assumedBy: new iam.ServicePrincipal('codebuild.amazonaws.com') });
    deploy.addToPolicy(new iam.PolicyStatement({ actions: ['iam:PassRole'], resources: ['*'] }));
  }
}
new Powers(app, 'Powers', { env: { account: '111122223333', region: 'eu-west-1' } });

// 4: a role that another account may assume, and one for its own account.
class Trusts extends cdk.Stack {
  constructor(scope, id, props) {
    super(scope, id, props);
    new iam.Role(this, 'Partner', { assumedBy: new iam.AccountPrincipal('999988887777') });
    new iam.Role(this, 'Own', { assumedBy: new iam.AccountPrincipal('111122223333') });
  }
}
new Trusts(app, 'Trusts', { env: { account: '111122223333', region: 'eu-west-1' } });

// 5: a topic that fans out to a queue and a function, with the permissions the CDK adds.
class Fanout extends cdk.Stack {
  constructor(scope, id, props) {
    super(scope, id, props);
    const topic = new sns.Topic(this, 'Topic');
    topic.addSubscription(new subs.SqsSubscription(new sqs.Queue(this, 'Queue')));
    topic.addSubscription(new subs.LambdaSubscription(fn(this, 'Handler')));
  }
}
new Fanout(app, 'Fanout');

// 6: a key and a secret, both with policies that name another account.
class Vault extends cdk.Stack {
  constructor(scope, id, props) {
    super(scope, id, props);
    const key = new kms.Key(this, 'Key', { enableKeyRotation: true });
    key.grantDecrypt(new iam.AccountPrincipal('999988887777'));
    const secret = new secrets.Secret(this, 'Secret', { encryptionKey: key });
    secret.addToResourcePolicy(new iam.PolicyStatement({
      principals: [new iam.AnyPrincipal()], actions: ['secretsmanager:GetSecretValue'], resources: ['*'],
    }));
  }
}
new Vault(app, 'Vault', { env: { account: '111122223333', region: 'us-east-1' } });

// 7: a function with a URL for all, and one that needs credentials.
class Urls extends cdk.Stack {
  constructor(scope, id, props) {
    super(scope, id, props);
    fn(this, 'Open').addFunctionUrl({ authType: lambda.FunctionUrlAuthType.NONE });
    fn(this, 'Signed').addFunctionUrl({ authType: lambda.FunctionUrlAuthType.AWS_IAM });
  }
}
new Urls(app, 'Urls');

// 8: a state machine that calls a function and reads a queue.
class Flow extends cdk.Stack {
  constructor(scope, id, props) {
    super(scope, id, props);
    const worker = fn(this, 'Worker');
    const queue = new sqs.Queue(this, 'Jobs', { enforceSSL: true });
    worker.addEventSource(new sources.SqsEventSource(queue));
    new sfn.StateMachine(this, 'Machine', {
      definitionBody: sfn.DefinitionBody.fromChainable(new tasks.LambdaInvoke(this, 'Call', { lambdaFunction: worker })),
    });
  }
}
new Flow(app, 'Flow');

// 9: a nested stack, whose bucket a role of the stack around it may empty; and a role in it that passes roles.
class Storage extends cdk.NestedStack {
  constructor(scope, id, props) {
    super(scope, id, props);
    this.bucket = new s3.Bucket(this, 'Data', { enforceSSL: true });
    props.role.addToPrincipalPolicy(new iam.PolicyStatement({ actions: ['s3:DeleteObject'], resources: [this.bucket.arnForObjects('*')] }));
    const inner = new iam.Role(this, 'Inner', { assumedBy: new iam.ServicePrincipal('ec2.amazonaws.com') });
    const policy = new iam.Policy(this, 'Escalate', {
      statements: [new iam.PolicyStatement({ actions: ['iam:PassRole'], resources: ['*'] })],
    });
    policy.attachToRole(inner);
    policy.attachToRole(props.role);
  }
}
class Estate extends cdk.Stack {
  constructor(scope, id, props) {
    super(scope, id, props);
    const role = new iam.Role(this, 'Keeper', { assumedBy: new iam.ServicePrincipal('ec2.amazonaws.com') });
    new Storage(this, 'Storage', { role });
  }
}
new Estate(app, 'Estate');

// 10: a stack of a stage, which stands in an assembly of its own; its role has a boundary.
class Bounded extends cdk.Stack {
  constructor(scope, id, props) {
    super(scope, id, props);
    const boundary = new iam.ManagedPolicy(this, 'Boundary', {
      statements: [new iam.PolicyStatement({ actions: ['s3:*'], resources: ['*'] })],
    });
    const role = new iam.Role(this, 'Role', {
      assumedBy: new iam.ServicePrincipal('ec2.amazonaws.com'), permissionsBoundary: boundary,
    });
    role.addToPolicy(new iam.PolicyStatement({ actions: ['iam:PassRole'], resources: ['*'] }));
  }
}
const prod = new cdk.Stage(app, 'Prod', { env: { account: '444455556666', region: 'us-west-2' } });
new Bounded(prod, 'Bounded');

app.synth();

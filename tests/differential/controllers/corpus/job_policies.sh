# Jobs: suspended and resumed while they run, replaced only when failed, ended by a policy for an index, resized, removed after their end.
job() {
	kubectl create -f - <<YAML
apiVersion: batch/v1
kind: Job
metadata: {name: $1}
spec:
  $3
  template:
    metadata: {annotations: {$2}}
    spec: {restartPolicy: Never, containers: [{name: c, image: "img:1"}]}
YAML
}
job held 'fake/none: "0"' 'parallelism: 3
  completions: 6'
job elastic 'fake/none: "0"' 'completionMode: Indexed
  parallelism: 4
  completions: 4'
job replaced 'fake/none: "0"' 'podReplacementPolicy: Failed
  parallelism: 2'
job index 'fake/exit: "7"' 'completionMode: Indexed
  completions: 2
  parallelism: 2
  backoffLimitPerIndex: 2
  podFailurePolicy: {rules: [{action: FailIndex, onExitCodes: {operator: In, values: [7]}}]}'
job count 'fake/exit: "3"' 'backoffLimit: 0
  podFailurePolicy: {rules: [{action: Count, onExitCodes: {operator: NotIn, values: [0, 1]}}]}'
job any 'fake/exit: "0"' 'completionMode: Indexed
  completions: 4
  parallelism: 1
  successPolicy: {rules: [{succeededCount: 2}]}'
# settle 4
kubectl patch job held -p '{"spec":{"suspend":true}}'
kubectl patch job elastic -p '{"spec":{"parallelism":2,"completions":2}}'
# settle 4
kubectl patch job held -p '{"spec":{"suspend":false,"parallelism":1}}'
# settle 4
kubectl delete job held elastic replaced index count any
# settle 6

# Retries with back-off; pods that are deleted; replacement after failure only.
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
job retry 'fake/exit: "1"' 'backoffLimit: 1'
job replaced 'fake/none: "0"' 'podReplacementPolicy: Failed'
job deleted 'fake/none: "0"' 'completions: 1'
# settle
kubectl delete pod -l job-name=replaced
kubectl delete pod -l job-name=deleted
# settle 13

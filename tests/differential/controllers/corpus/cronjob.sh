# Suspended and badly told schedules; one with a zone. A Job that a user makes from it is not its own.
cron() {
	kubectl create -f - <<YAML
apiVersion: batch/v1
kind: CronJob
metadata: {name: $1}
spec:
  schedule: "$2"
  $3
  jobTemplate:
    spec:
      template:
        metadata: {annotations: {fake/exit: "0"}}
        spec: {restartPolicy: Never, containers: [{name: c, image: "img:1"}]}
YAML
}
cron yearly "0 0 1 1 *" "timeZone: Europe/Berlin"
cron stopped "* * * * *" "suspend: true"
# settle
kubectl create job by-hand --from=cronjob/yearly
# settle
kubectl patch cronjob yearly --type merge -p '{"spec":{"concurrencyPolicy":"Forbid"}}'
# settle
kubectl delete cronjob yearly
# settle

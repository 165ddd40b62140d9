# Suspended and badly told schedules; one with a zone.
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

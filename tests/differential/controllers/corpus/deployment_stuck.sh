# may differ: ReplicaSet/web-H\d .*[gG]eneration (in how many steps it was sized)
# A roll-out whose new pods never get ready, its deadline, a scaling in between, and the way back.
kubectl apply -f - <<YAML
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 10
  progressDeadlineSeconds: 5
  strategy: {rollingUpdate: {maxSurge: 3, maxUnavailable: 2}}
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: c, image: "img:1"}]}
YAML
# settle
kubectl patch deployment web -p '{"spec":{"template":{"metadata":{"annotations":{"fake/ready":"false"}}}}}'
# settle 8
kubectl scale deployment/web --replicas=15
# settle
kubectl rollout undo deployment/web
# settle

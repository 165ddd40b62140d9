# may differ: ReplicaSet/web-H\d .*[gG]eneration (in how many steps it was sized)
# A Deployment with a Service: created, updated, rolled back, scaled, paused, deleted.
kubectl apply -f - <<YAML
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {app: web}}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: c, image: "img:1", ports: [{containerPort: 80, name: http}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: http}]}
YAML
# settle
kubectl set image deployment/web c=img:2
# settle
kubectl rollout undo deployment/web
# settle
kubectl scale deployment/web --replicas=5
# settle
kubectl rollout pause deployment/web
kubectl set image deployment/web c=img:3
# settle
kubectl rollout resume deployment/web
# settle
kubectl scale deployment/web --replicas=0
# settle
kubectl delete deployment/web service/web
# settle

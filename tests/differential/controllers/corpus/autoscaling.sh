# may differ: Failed(Get(Container)?ResourceMetric|ComputeMetricsReplicas): .*(did not receive metrics|no metrics returned) (what a target without samples yet has none of)
# Autoscalers: of cpu and memory, of a container, up, down, with limits of size and of speed, and what can't be scaled.
deployment() { # NAME CPU [REPLICAS]
	cat <<YAML
apiVersion: apps/v1
kind: Deployment
metadata: {name: $1}
spec:
  replicas: ${3:-2}
  selector: {matchLabels: {app: $1}}
  template:
    metadata: {labels: {app: $1}, annotations: {fake/cpu: $2, fake/memory: 64Mi}}
    spec:
      containers: [{name: c, image: "img:1", resources: {requests: {cpu: 100m, memory: 100Mi}}}]
---
YAML
}
scaler() { # NAME SPEC...
	printf 'apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: %s}\nspec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: %s}, %s}\n---\n' "$1" "$1" "$2"
}
utilization() { echo "metrics: [{type: Resource, resource: {name: ${2:-cpu}, target: {type: Utilization, averageUtilization: $1}}}]"; }
{
	deployment steady 52m; scaler steady "maxReplicas: 4, $(utilization 50)"
	deployment busy 75m; scaler busy "minReplicas: 2, maxReplicas: 3, $(utilization 50)"
	deployment wild 90m; scaler wild "maxReplicas: 3, $(utilization 10)"
	deployment slow 90m; scaler slow "maxReplicas: 10, $(utilization 30), behavior: {scaleUp: {policies: [{type: Pods, value: 1, periodSeconds: 600}]}}"
	deployment average 40m; scaler average "maxReplicas: 4, metrics: [{type: Resource, resource: {name: memory, target: {type: AverageValue, averageValue: 32Mi}}}]"
	deployment part 80m; scaler part "maxReplicas: 4, metrics: [{type: ContainerResource, containerResource: {name: cpu, container: c, target: {type: Utilization, averageUtilization: 50}}}]"
	deployment several 60m; scaler several "maxReplicas: 4, metrics: [{type: Resource, resource: {name: memory, target: {type: Utilization, averageUtilization: 20}}}, {type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 60}}}]"
	deployment few 50m 1; scaler few "minReplicas: 3, maxReplicas: 5, $(utilization 50)"
	deployment many 50m 4; scaler many "maxReplicas: 2, $(utilization 50)"
	deployment asleep 50m 0; scaler asleep "maxReplicas: 2, $(utilization 50)"
	deployment idle 1m 4; scaler idle "minReplicas: 2, maxReplicas: 5, $(utilization 50)"
	deployment patient 1m 4; scaler patient "maxReplicas: 5, $(utilization 50), behavior: {scaleDown: {stabilizationWindowSeconds: 600}}"
	deployment stays 1m 4; scaler stays "maxReplicas: 5, $(utilization 50), behavior: {scaleDown: {selectPolicy: Disabled}}"
	deployment aged 50m
	deployment tolerant 70m; scaler tolerant "maxReplicas: 5, $(utilization 50), behavior: {scaleUp: {tolerance: 500m}}"
} | kubectl apply -f -
kubectl create deployment plain --image=img:1
kubectl autoscale deployment plain --cpu-percent=50 --min=1 --max=3
kubectl apply -f - <<YAML
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: nothing}
spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: nothing}, maxReplicas: 2}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: unknown}
spec: {scaleTargetRef: {apiVersion: example.com/v1, kind: Widget, name: nothing}, maxReplicas: 2}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: sizeless}
spec: {scaleTargetRef: {apiVersion: rbac.authorization.k8s.io/v1, kind: Role, name: nothing}, maxReplicas: 2}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: older}
spec: {scaleTargetRef: {apiVersion: apps/v1beta1, kind: Deployment, name: aged}, minReplicas: 1, maxReplicas: 5, metrics: [{type: External, external: {metric: {name: queue, selector: {matchLabels: {of: mail}}}, target: {type: AverageValue, averageValue: "3"}}}]}
YAML
# settle 8
kubectl annotate pods -l app=busy fake/cpu=10m --overwrite
kubectl annotate pods -l app=steady fake/cpu=110m --overwrite
kubectl delete hpa older nothing unknown sizeless
kubectl scale deployment/asleep --replicas=1
# settle 8
kubectl apply -f - <<YAML
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: counted}
spec:
  replicas: 1
  serviceName: x
  selector: {matchLabels: {app: counted}}
  template:
    metadata: {labels: {app: counted}, annotations: {fake/cpu: 40m}}
    spec: {containers: [{name: c, image: "img:1", resources: {requests: {cpu: 100m}}}]}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: counted}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: StatefulSet, name: counted}
  maxReplicas: 3
  metrics:
  - {type: Pods, pods: {metric: {name: requests}, target: {type: AverageValue, averageValue: "10"}}}
  - {type: Object, object: {describedObject: {kind: Service, apiVersion: v1, name: front}, metric: {name: hits}, target: {type: Value, value: "10"}}}
  - {type: Object, object: {describedObject: {kind: Service, apiVersion: v1, name: front}, metric: {name: hits, selector: {matchExpressions: [{key: a, operator: In, values: [b, c]}]}}, target: {type: AverageValue, averageValue: "10"}}}
  - {type: External, external: {metric: {name: queue, selector: {matchLabels: {of: mail}}}, target: {type: Value, value: "10"}}}
  - {type: External, external: {metric: {name: queue}, target: {type: AverageValue, averageValue: "10"}}}
YAML
kubectl delete deployment busy
# settle 8
kubectl delete hpa --all
# settle 4

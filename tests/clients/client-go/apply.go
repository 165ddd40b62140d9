// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	appsapply "k8s.io/client-go/applyconfigurations/apps/v1"
	coreapply "k8s.io/client-go/applyconfigurations/core/v1"
	metaapply "k8s.io/client-go/applyconfigurations/meta/v1"
)

// Server-side apply with typed configurations.
var applyClaims = []claim{
	{"a_configuration_is_applied", applied},
	{"what_was_applied_is_extracted_again", extracted},
	{"another_managers_field_is_a_conflict", conflicts},
	{"force_takes_the_field_over", forced},
	{"what_is_left_out_is_removed", removed},
	{"a_status_is_applied_beside", statusApplied},
	{"an_apply_of_the_same_changes_nothing", unchanged},
	{"a_dry_run_leaves_nothing", dryRun},
}

func shop(ns string) *appsapply.DeploymentApplyConfiguration {
	labels := map[string]string{"app": "shop"}
	return appsapply.Deployment("shop", ns).WithLabels(labels).WithSpec(appsapply.DeploymentSpec().
		WithReplicas(2).
		WithSelector(metaapply.LabelSelector().WithMatchLabels(labels)).
		WithTemplate(coreapply.PodTemplateSpec().WithLabels(labels).WithSpec(coreapply.PodSpec().WithContainers(
			coreapply.Container().WithName("c").WithImage("example.org/shop:1").
				WithPorts(coreapply.ContainerPort().WithContainerPort(80)).
				WithEnv(coreapply.EnvVar().WithName("A").WithValue("1"))))))
}

func apply(ctx context.Context, c *cluster, d *appsapply.DeploymentApplyConfiguration, manager string, force bool) (*appsv1.Deployment, error) {
	return c.typed.AppsV1().Deployments(c.ns).Apply(ctx, d, metav1.ApplyOptions{FieldManager: manager, Force: force})
}

func applied(ctx context.Context, c *cluster) error {
	d, err := apply(ctx, c, shop(c.ns), "one", false)
	if err != nil {
		return err
	}
	return want("image", "example.org/shop:1", d.Spec.Template.Spec.Containers[0].Image)
}

func extracted(ctx context.Context, c *cluster) error {
	d, err := apply(ctx, c, shop(c.ns), "one", false)
	if err != nil {
		return err
	}
	mine, err := appsapply.ExtractDeployment(d, "one")
	if err != nil {
		return err
	}
	if mine.Spec.Strategy != nil {
		return errors.New("a default counts as one's own")
	}
	containers := mine.Spec.Template.Spec.Containers
	if len(containers) != 1 || len(containers[0].Env) != 1 || len(containers[0].Ports) != 1 {
		return fmt.Errorf("containers: %+v", containers)
	}
	return want("replicas", int32(2), *mine.Spec.Replicas)
}

func conflicts(ctx context.Context, c *cluster) error {
	_, err := apply(ctx, c, appsapply.Deployment("shop", c.ns).WithSpec(appsapply.DeploymentSpec().WithReplicas(5)), "two", false)
	if !apierrors.IsConflict(err) {
		return fmt.Errorf("wanted a conflict, have %v", err)
	}
	var status apierrors.APIStatus
	if !errors.As(err, &status) || len(status.Status().Details.Causes) != 1 {
		return fmt.Errorf("wanted one cause: %v", err)
	}
	cause := status.Status().Details.Causes[0]
	if cause.Type != metav1.CauseTypeFieldManagerConflict {
		return fmt.Errorf("type %s", cause.Type)
	}
	return want("field", ".spec.replicas", cause.Field)
}

func forced(ctx context.Context, c *cluster) error {
	d, err := apply(ctx, c, appsapply.Deployment("shop", c.ns).WithSpec(appsapply.DeploymentSpec().WithReplicas(5)), "two", true)
	if err != nil {
		return err
	}
	first, err := appsapply.ExtractDeployment(d, "one")
	if err != nil {
		return err
	}
	if first.Spec.Replicas != nil {
		return errors.New("the first manager still has it")
	}
	return want("replicas", int32(5), *d.Spec.Replicas)
}

func removed(ctx context.Context, c *cluster) error {
	less := shop(c.ns)
	less.Spec.Replicas = nil
	less.Spec.Template.Spec.Containers[0].Env = nil
	d, err := apply(ctx, c, less, "one", false)
	if err != nil {
		return err
	}
	if n := len(d.Spec.Template.Spec.Containers[0].Env); n != 0 {
		return fmt.Errorf("%d variables are left", n)
	}
	return want("the other manager's replicas", int32(5), *d.Spec.Replicas)
}

func statusApplied(ctx context.Context, c *cluster) error {
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "p"}, Spec: corev1.PodSpec{
		SchedulerName: "nobody", Containers: []corev1.Container{{Name: "c", Image: "example.org/i"}}}}
	if _, err := c.typed.CoreV1().Pods(c.ns).Create(ctx, pod, metav1.CreateOptions{}); err != nil {
		return err
	}
	status := coreapply.Pod("p", c.ns).WithStatus(coreapply.PodStatus().WithConditions(
		coreapply.PodCondition().WithType("example.org/Ready").WithStatus(corev1.ConditionTrue)))
	p, err := c.typed.CoreV1().Pods(c.ns).ApplyStatus(ctx, status, metav1.ApplyOptions{FieldManager: "one"})
	if err != nil {
		return err
	}
	mine, err := coreapply.ExtractPodStatus(p, "one")
	if err != nil {
		return err
	}
	return want("conditions", 1, len(mine.Status.Conditions))
}

func unchanged(ctx context.Context, c *cluster) error {
	first, err := apply(ctx, c, shop(c.ns), "one", true)
	if err != nil {
		return err
	}
	_, err = c.dynamic.Resource(appsv1.SchemeGroupVersion.WithResource("deployments")).Namespace(c.ns).Apply(ctx, "shop",
		&unstructured.Unstructured{Object: map[string]any{"apiVersion": "apps/v1", "kind": "Deployment",
			"metadata": map[string]any{"name": "shop", "labels": map[string]any{"more": "yes"}}}}, metav1.ApplyOptions{FieldManager: "three"})
	if err != nil {
		return err
	}
	more, err := apply(ctx, c, shop(c.ns), "one", true)
	if err != nil {
		return err
	}
	again, err := apply(ctx, c, shop(c.ns), "one", true)
	if err != nil {
		return err
	}
	if first.Generation != again.Generation || again.Labels["more"] != "yes" {
		return fmt.Errorf("generation %d, then %d; labels %v", first.Generation, again.Generation, again.Labels)
	}
	return want("generation", more.Generation, again.Generation)
}

func dryRun(ctx context.Context, c *cluster) error {
	m := coreapply.ConfigMap("never", c.ns).WithData(map[string]string{"a": "1"})
	_, err := c.typed.CoreV1().ConfigMaps(c.ns).Apply(ctx, m, metav1.ApplyOptions{FieldManager: "one", DryRun: []string{metav1.DryRunAll}})
	if err != nil {
		return err
	}
	if _, err = c.typed.CoreV1().ConfigMaps(c.ns).Get(ctx, "never", metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		return fmt.Errorf("wanted none, have %v", err)
	}
	return nil
}

// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"sync"

	authnv1 "k8s.io/api/authentication/v1"
	authzv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/events"
	"k8s.io/client-go/tools/record"
	"k8s.io/client-go/util/retry"
)

// Changes as programs make them, and who may.
var writeClaims = []claim{
	{"ten_writers_count_without_a_loss", counting},
	{"each_kind_of_patch", patched},
	{"a_precondition_is_kept", precondition},
	{"an_owned_object_goes_with_its_owner", owned},
	{"events_of_both_kinds_are_recorded", recorded},
	{"an_account_gets_a_token_that_works", tokened},
	{"somebody_else_is_played", impersonated},
	{"a_warning_reaches_the_program", warned},
	{"an_unknown_field_is_an_error_when_strict", strict},
}

func counting(ctx context.Context, c *cluster) error {
	maps := c.typed.CoreV1().ConfigMaps(c.ns)
	if _, err := maps.Create(ctx, configMap("count", map[string]string{"n": ""}), metav1.CreateOptions{}); err != nil {
		return err
	}
	var group sync.WaitGroup
	failures := make(chan error, 10)
	patient := retry.DefaultRetry
	patient.Steps = 1000
	for range 10 {
		group.Go(func() {
			err := retry.RetryOnConflict(patient, func() error {
				m, err := maps.Get(ctx, "count", metav1.GetOptions{})
				if err != nil {
					return err
				}
				m.Data["n"] += "x"
				_, err = maps.Update(ctx, m, metav1.UpdateOptions{})
				return err
			})
			if err != nil {
				failures <- err
			}
		})
	}
	group.Wait()
	if len(failures) > 0 {
		return <-failures
	}
	m, err := maps.Get(ctx, "count", metav1.GetOptions{})
	if err != nil {
		return err
	}
	return want("count", "xxxxxxxxxx", m.Data["n"])
}

func patched(ctx context.Context, c *cluster) error {
	services := c.typed.CoreV1().Services(c.ns)
	s := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Name: "s"}, Spec: corev1.ServiceSpec{Ports: []corev1.ServicePort{{Name: "a", Port: 80}}}}
	if _, err := services.Create(ctx, s, metav1.CreateOptions{}); err != nil {
		return err
	}
	for kind, patch := range map[types.PatchType]string{
		types.StrategicMergePatchType: `{"spec":{"ports":[{"name":"b","port":81}]}}`,
		types.MergePatchType:          `{"metadata":{"labels":{"merge":"yes"}}}`,
		types.JSONPatchType:           `[{"op":"add","path":"/metadata/annotations","value":{"json":"yes"}}]`,
	} {
		if _, err := services.Patch(ctx, "s", kind, []byte(patch), metav1.PatchOptions{}); err != nil {
			return fmt.Errorf("%s: %w", kind, err)
		}
	}
	have, err := services.Get(ctx, "s", metav1.GetOptions{})
	if err != nil {
		return err
	}
	return want("ports, label, annotation", "2 yes yes", fmt.Sprint(len(have.Spec.Ports), " ", have.Labels["merge"], " ", have.Annotations["json"]))
}

func precondition(ctx context.Context, c *cluster) error {
	maps := c.typed.CoreV1().ConfigMaps(c.ns)
	if _, err := maps.Create(ctx, configMap("precious", nil), metav1.CreateOptions{}); err != nil {
		return err
	}
	wrong := types.UID("0000")
	err := maps.Delete(ctx, "precious", metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &wrong}})
	return want("conflict", true, apierrors.IsConflict(err))
}

func owned(ctx context.Context, c *cluster) error {
	maps := c.typed.CoreV1().ConfigMaps(c.ns)
	owner, err := maps.Create(ctx, configMap("owner", nil), metav1.CreateOptions{})
	if err != nil {
		return err
	}
	child := configMap("child", nil)
	child.OwnerReferences = []metav1.OwnerReference{{APIVersion: "v1", Kind: "ConfigMap", Name: owner.Name, UID: owner.UID}}
	if _, err = maps.Create(ctx, child, metav1.CreateOptions{}); err != nil {
		return err
	}
	foreground := metav1.DeletePropagationForeground
	if err = maps.Delete(ctx, "owner", metav1.DeleteOptions{PropagationPolicy: &foreground}); err != nil {
		return err
	}
	return until(ctx, func(ctx context.Context) error {
		for _, name := range []string{"child", "owner"} {
			if _, err := maps.Get(ctx, name, metav1.GetOptions{}); !apierrors.IsNotFound(err) {
				return fmt.Errorf("%s is still there (%v)", name, err)
			}
		}
		return nil
	})
}

func recorded(ctx context.Context, c *cluster) error {
	m, err := c.typed.CoreV1().ConfigMaps(c.ns).Create(ctx, configMap("talked-about", nil), metav1.CreateOptions{})
	if err != nil {
		return err
	}
	m.APIVersion, m.Kind = "v1", "ConfigMap"
	old := record.NewBroadcaster(record.WithContext(ctx))
	defer old.Shutdown()
	old.StartRecordingToSink(&typedcorev1.EventSinkImpl{Interface: c.typed.CoreV1().Events(c.ns)})
	talker := old.NewRecorder(scheme.Scheme, corev1.EventSource{Component: "old"})
	for range 3 {
		talker.Event(m, corev1.EventTypeNormal, "Old", "said again")
	}
	recent := events.NewBroadcaster(&events.EventSinkImpl{Interface: c.typed.EventsV1()})
	defer recent.Shutdown()
	if err := recent.StartRecordingToSinkWithContext(ctx); err != nil {
		return err
	}
	say := func() {
		recent.NewRecorder(scheme.Scheme, "new").Eventf(m, nil, corev1.EventTypeNormal, "New", "Saying", "said again")
	}
	say()
	if err := heard(ctx, c, "New", func(eventsv1.Event) error { return nil }); err != nil {
		return err
	}
	say() // a second one while the first is on its way is tried again 10 s later
	if err := heard(ctx, c, "New", func(e eventsv1.Event) error {
		return want("a series of two", true, e.Series != nil && e.Series.Count == 2)
	}); err != nil {
		return err
	}
	return heard(ctx, c, "Old", func(e eventsv1.Event) error { return want("count", 3, e.DeprecatedCount) })
}

// heard waits for an event of that reason which passes.
func heard(ctx context.Context, c *cluster, reason string, passes func(eventsv1.Event) error) error {
	return until(ctx, func(ctx context.Context) error {
		list, err := c.typed.EventsV1().Events(c.ns).List(ctx, metav1.ListOptions{FieldSelector: "reason=" + reason})
		if err != nil {
			return err
		}
		if len(list.Items) != 1 {
			return fmt.Errorf("%d events %s", len(list.Items), reason)
		}
		return passes(list.Items[0])
	})
}

func tokened(ctx context.Context, c *cluster) error {
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: "robot"}}
	if _, err := c.typed.CoreV1().ServiceAccounts(c.ns).Create(ctx, account, metav1.CreateOptions{}); err != nil {
		return err
	}
	role := &rbacv1.Role{ObjectMeta: metav1.ObjectMeta{Name: "reader"}, Rules: []rbacv1.PolicyRule{{Verbs: []string{"get"}, APIGroups: []string{""}, Resources: []string{"configmaps"}}}}
	if _, err := c.typed.RbacV1().Roles(c.ns).Create(ctx, role, metav1.CreateOptions{}); err != nil {
		return err
	}
	binding := &rbacv1.RoleBinding{ObjectMeta: metav1.ObjectMeta{Name: "reader"}, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: "reader"},
		Subjects: []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Name: "robot", Namespace: c.ns}}}
	if _, err := c.typed.RbacV1().RoleBindings(c.ns).Create(ctx, binding, metav1.CreateOptions{}); err != nil {
		return err
	}
	seconds := int64(600)
	request, err := c.typed.CoreV1().ServiceAccounts(c.ns).CreateToken(ctx, "robot", &authnv1.TokenRequest{Spec: authnv1.TokenRequestSpec{ExpirationSeconds: &seconds}}, metav1.CreateOptions{})
	if err != nil {
		return err
	}
	config := rest.AnonymousClientConfig(c.config)
	config.BearerToken = request.Status.Token
	robot, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	who, err := robot.AuthenticationV1().SelfSubjectReviews().Create(ctx, &authnv1.SelfSubjectReview{}, metav1.CreateOptions{})
	if err != nil {
		return err
	}
	if err := want("name", "system:serviceaccount:"+c.ns+":robot", who.Status.UserInfo.Username); err != nil {
		return err
	}
	if _, err = robot.CoreV1().Secrets(c.ns).List(ctx, metav1.ListOptions{}); !apierrors.IsForbidden(err) {
		return fmt.Errorf("secrets: %v", err)
	}
	return until(ctx, func(ctx context.Context) error { // upstream's policy follows a watch, too
		_, err := robot.CoreV1().ConfigMaps(c.ns).Get(ctx, "count", metav1.GetOptions{})
		return err
	})
}

func impersonated(ctx context.Context, c *cluster) error {
	config := rest.CopyConfig(c.config)
	config.Impersonate = rest.ImpersonationConfig{UserName: "jane", Groups: []string{"dev"}, Extra: map[string][]string{"scope": {"a", "b"}}}
	jane, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	who, err := jane.AuthenticationV1().SelfSubjectReviews().Create(ctx, &authnv1.SelfSubjectReview{}, metav1.CreateOptions{})
	if err != nil {
		return err
	}
	if len(who.Status.UserInfo.Extra["scope"]) != 2 {
		return fmt.Errorf("extra %v", who.Status.UserInfo.Extra)
	}
	may, err := jane.AuthorizationV1().SelfSubjectAccessReviews().Create(ctx, &authzv1.SelfSubjectAccessReview{Spec: authzv1.SelfSubjectAccessReviewSpec{
		ResourceAttributes: &authzv1.ResourceAttributes{Verb: "list", Resource: "secrets", Namespace: c.ns}}}, metav1.CreateOptions{})
	if err != nil {
		return err
	}
	return want("may list secrets", false, may.Status.Allowed)
}

type warnings struct{ heard []string }

func (w *warnings) HandleWarningHeader(_ int, _ string, text string) { w.heard = append(w.heard, text) }

func warned(ctx context.Context, c *cluster) error {
	w := &warnings{}
	config := rest.CopyConfig(c.config)
	config.WarningHandler = w
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "w"}, Spec: corev1.PodSpec{SchedulerName: "nobody",
		NodeSelector: map[string]string{"beta.kubernetes.io/os": "linux"}, Containers: []corev1.Container{{Name: "c", Image: "example.org/i"}}}}
	if _, err := client.CoreV1().Pods(c.ns).Create(ctx, pod, metav1.CreateOptions{}); err != nil {
		return err
	}
	if len(w.heard) != 1 {
		return fmt.Errorf("heard %q", w.heard)
	}
	return want("warning", `spec.nodeSelector[beta.kubernetes.io/os]: deprecated since v1.14; use "kubernetes.io/os" instead`, w.heard[0])
}

func strict(ctx context.Context, c *cluster) error {
	err := c.typed.CoreV1().RESTClient().Patch(types.MergePatchType).Namespace(c.ns).Resource("services").Name("s").
		Param("fieldValidation", metav1.FieldValidationStrict).Body([]byte(`{"spec":{"potrs":[]}}`)).Do(ctx).Error()
	if !apierrors.IsBadRequest(err) && !apierrors.IsInvalid(err) {
		return fmt.Errorf("have %v", err)
	}
	var status apierrors.APIStatus
	if !errors.As(err, &status) {
		return errors.New("no Status")
	}
	return nil
}

//! The controllers and the kubelet: what makes pods come and go so that the cluster is as its objects say.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::chart::Part;
use super::cluster::{Cluster, Run};
use super::kinds::Kind;
use super::pods;
use super::settings::Settings;
use super::store::{Key, is_terminating, time};
use crate::sandbox::world::Event;

/// The hash in the names of the application's pods: the template never changes.
const TEMPLATE_HASH: &str = "6d9f7c5b8d";
/// What a pod gets when its deletion does not say.
const GRACE: u64 = 60;

impl Cluster {
    /// Lets everything happen that is due.
    pub fn control(&mut self, now: DateTime<Utc>, settings: &Settings) {
        self.end_pods(now, settings);
        self.end_claims();
        for part in [Part::Search, Part::App] {
            self.scale(part, now, settings);
        }
        let nodes_ready = self.nodes_since.is_some_and(|since| since + delta(settings.node_ready) <= now);
        self.show_nodes(nodes_ready, now);
        if nodes_ready {
            self.start_pods(now, settings);
        }
        self.show_readiness(now, settings);
        for part in [Part::Search, Part::App] {
            self.show_status(part);
        }
        self.settled = self.nodes_since.is_none() || nodes_ready && self.is_at_rest();
    }

    /// The machines are up: the cluster's objects are as they were when they went.
    pub fn nodes_came(&mut self, now: DateTime<Utc>) {
        self.nodes_since = Some(now);
    }

    /// The machines are gone, and with them every pod; bare ones never come back.
    pub fn nodes_went(&mut self, now: DateTime<Utc>) {
        self.nodes_since = None;
        for key in self.store.keys(Kind::Pod) {
            self.end_pod(&key);
        }
        self.end_claims();
        self.show_nodes(false, now);
        for part in [Part::Search, Part::App] {
            self.show_status(part);
        }
    }

    fn end_pods(&mut self, now: DateTime<Utc>, settings: &Settings) {
        if settings.stuck_pods.contains(&self.name) {
            return;
        }
        let due = |run: &Run| run.ends.is_some_and(|at| at <= now);
        let ended: Vec<Key> = self.runs.iter().filter(|(_, run)| due(run)).map(|(key, _)| key.clone()).collect();
        for key in ended {
            self.end_pod(&key);
        }
    }

    fn end_pod(&mut self, key: &Key) {
        self.store.remove(key);
        self.logs.remove(key);
        let ran = self.runs.remove(key).is_some_and(|run| run.started.is_some());
        if ran {
            let text = format!("pod {} on {} is gone", key.name, self.name);
            let event = Event::PodStopped { cluster: self.name.clone(), pod: key.name.clone() };
            self.tell(event, text);
        }
    }

    /// A claim that waits for its end goes with the last pod that uses it.
    fn end_claims(&mut self) {
        for key in self.store.keys(Kind::Claim) {
            let terminating = self.store.get(&key).is_some_and(is_terminating);
            if terminating && !self.is_used(&key) {
                self.store.remove(&key);
                self.index.forget(&key);
                let event = Event::ClaimDeleted { cluster: self.name.clone(), claim: key.name.clone() };
                self.tell(event, format!("claim {} on {} is gone with its volume", key.name, self.name));
            }
        }
    }

    fn is_used(&self, claim: &Key) -> bool {
        self.pods(Part::Search).any(|(key, _)| self.release.claim(&key.name) == *claim)
    }

    /// Marks a pod for deletion.
    pub fn delete_pod(&mut self, key: &Key, grace: Option<u64>, now: DateTime<Utc>, settings: &Settings) {
        let ran = self.runs.get(key).is_some_and(|it| it.started.is_some());
        let grace = grace.unwrap_or(GRACE);
        let wait = if ran { delta(settings.termination).min(seconds(grace)) } else { TimeDelta::zero() };
        if let Some(run) = self.runs.get_mut(key) {
            run.ends = Some(run.ends.unwrap_or(now + wait).min(now + wait));
        }
        self.store.change(key, |pod| {
            if !is_terminating(pod) {
                pod["metadata"]["deletionTimestamp"] = time(now + seconds(grace)).into();
                pod["metadata"]["deletionGracePeriodSeconds"] = grace.into();
            }
        });
        self.settled = false;
    }

    /// Brings the number of a part's pods to what its object wants.
    fn scale(&mut self, part: Part, now: DateTime<Utc>, settings: &Settings) {
        let Some(workload) = self.store.get(&self.release.key(part)).cloned() else { return };
        let wanted = workload["spec"]["replicas"].as_u64().unwrap_or(1);
        match part {
            Part::Search => self.scale_search(wanted, &workload, now, settings),
            Part::App => self.scale_app(wanted, &workload, now, settings),
        }
        let version = workload["metadata"]["generation"].clone();
        self.store.change(&self.release.key(part), |it| it["status"]["observedGeneration"] = version);
    }

    /// Pods have fixed names; one that is still ending holds its name.
    fn scale_search(&mut self, wanted: u64, set: &Value, now: DateTime<Utc>, settings: &Settings) {
        let name = |ordinal: u64| format!("{}-{ordinal}", self.release.key(Part::Search).name);
        let kept: Vec<String> = (0..wanted).map(name).collect();
        self.delete_all_but(Part::Search, |key| kept.contains(&key.name), now, settings);
        if self.nodes_since.is_none() {
            return;
        }
        let owner = pods::owner("StatefulSet", set_name(set), &set["metadata"]["uid"]);
        for pod in kept {
            let claim = self.release.claim(&pod);
            if self.store.get(&claim).is_none() {
                self.store.create(claim, self.release.claim_object(), now);
            }
            let key = Key::new(Kind::Pod, &self.release.0, &pod);
            self.create_pod(key, Part::Search, set, owner.clone(), now);
        }
    }

    fn scale_app(&mut self, wanted: u64, deployment: &Value, now: DateTime<Utc>, settings: &Settings) {
        let lasting = |cluster: &Self| -> Vec<Key> {
            let pods = cluster.pods(Part::App).filter(|(_, pod)| !is_terminating(pod));
            pods.map(|(key, _)| key.clone()).collect()
        };
        let kept: Vec<Key> = lasting(self).into_iter().take(usize::try_from(wanted).unwrap_or(usize::MAX)).collect();
        self.delete_all_but(Part::App, |key| kept.contains(key), now, settings);
        if self.nodes_since.is_none() {
            return;
        }
        let set = format!("{}-{TEMPLATE_HASH}", set_name(deployment));
        let owner = pods::owner("ReplicaSet", &set, &deployment["metadata"]["uid"]);
        for _ in kept.len() as u64..wanted {
            let key = Key::new(Kind::Pod, &self.release.0, &format!("{set}-{}", suffix()));
            self.create_pod(key, Part::App, deployment, owner.clone(), now);
        }
    }

    fn delete_all_but(&mut self, part: Part, keep: impl Fn(&Key) -> bool, now: DateTime<Utc>, settings: &Settings) {
        let surplus = self.pods(part).filter(|(key, pod)| !keep(key) && !is_terminating(pod));
        let surplus: Vec<Key> = surplus.map(|(key, _)| key.clone()).collect();
        for key in surplus {
            self.delete_pod(&key, None, now, settings);
        }
    }

    fn create_pod(&mut self, key: Key, part: Part, workload: &Value, owner: Value, now: DateTime<Utc>) {
        if self.store.get(&key).is_some() {
            return;
        }
        let mut spec = workload["spec"]["template"]["spec"].clone();
        if part == Part::Search {
            let claim = self.release.claim(&key.name).name;
            spec["volumes"] = json!([{"name": "data", "persistentVolumeClaim": {"claimName": claim}}]);
        }
        let mut labels = self.release.pod_labels(part);
        match part {
            Part::App => labels["pod-template-hash"] = TEMPLATE_HASH.into(),
            Part::Search => labels["statefulset.kubernetes.io/pod-name"] = key.name.clone().into(),
        }
        self.store.create(key.clone(), pods::owned(&labels, &spec, owner), now);
        self.runs.insert(key, Run { created: now, started: None, ends: None });
    }

    fn start_pods(&mut self, now: DateTime<Utc>, settings: &Settings) {
        let node = self.node_for_pods();
        let waiting = |run: &Run| run.started.is_none() && run.ends.is_none();
        let waiting: Vec<Key> = self.runs.iter().filter(|(_, run)| waiting(run)).map(|(key, _)| key.clone()).collect();
        for key in waiting {
            let bare = self.store.get(&key).is_some_and(|pod| pod["metadata"]["ownerReferences"].is_null());
            let due = self.runs.get(&key).is_some_and(|run| run.created + delta(settings.pod_start) <= now);
            if settings.unschedulable.contains(&self.name) {
                self.store.change(&key, |pod| pods::unplaced(pod, now));
            } else if bare && settings.image_pull_fails.contains(&self.name) {
                self.store.change(&key, |pod| pods::placed(pod, &node, "ImagePullBackOff", now));
            } else if due {
                self.start_pod(&key, &node, bare, now);
            } else {
                self.store.change(&key, |pod| pods::placed(pod, &node, "ContainerCreating", now));
            }
        }
    }

    fn start_pod(&mut self, key: &Key, node: &str, bare: bool, now: DateTime<Utc>) {
        self.store.change(key, |pod| pods::running(pod, node, now));
        if let Some(run) = self.runs.get_mut(key) {
            run.started = Some(now);
        }
        if bare {
            self.started.push(key.clone());
        }
        let event = Event::PodStarted { cluster: self.name.clone(), pod: key.name.clone() };
        self.tell(event, format!("pod {} on {} runs", key.name, self.name));
    }

    fn show_readiness(&mut self, now: DateTime<Utc>, settings: &Settings) {
        let booted = |run: &Run| run.started.is_some_and(|at| at + delta(settings.search_boot) <= now);
        let ready: Vec<(Key, bool)> =
            (self.pods(Part::Search).map(|(key, _)| (key, self.runs.get(key).is_some_and(booted))))
                .chain(self.pods(Part::App).map(|(key, _)| {
                    (key, self.app_ready && self.runs.get(key).is_some_and(|run| run.started.is_some()))
                }))
                .map(|(key, ready)| (key.clone(), ready))
                .collect();
        for (key, ready) in ready {
            self.store.change(&key, |pod| pods::set_ready(pod, ready, now));
        }
    }

    fn show_status(&mut self, part: Part) {
        let (mut replicas, mut ready) = (0_u64, 0_u64);
        for (_, pod) in self.pods(part).filter(|(_, pod)| part == Part::Search || !is_terminating(pod)) {
            replicas += 1;
            ready += u64::from(pods::is_ready(pod));
        }
        self.store.change(&self.release.key(part), |it| {
            let wanted = it["spec"]["replicas"].as_u64().unwrap_or_default();
            let mut status = json!({"replicas": replicas, "observedGeneration": it["status"]["observedGeneration"]});
            let shown = [("readyReplicas", ready), ("availableReplicas", ready), ("updatedReplicas", replicas)];
            // What is zero is left out, as the API server does.
            for (name, count) in shown.into_iter().filter(|(_, count)| *count > 0) {
                status[name] = count.into();
            }
            if part == Part::Search {
                let revision = format!("{}-{TEMPLATE_HASH}", set_name(it));
                status["currentRevision"] = revision.clone().into();
                status["updateRevision"] = revision.into();
                status["currentReplicas"] = replicas.into();
            }
            if part == Part::App {
                status["conditions"] = json!([available(wanted, ready)]);
            }
            if part == Part::App && wanted > ready {
                status["unavailableReplicas"] = (wanted - ready).into();
            }
            it["status"] = status;
        });
    }

    /// Whether only a call or the application can change anything.
    fn is_at_rest(&self) -> bool {
        let pod_at_rest = |key: &Key, pod: &Value| {
            let done = matches!(pod["status"]["phase"].as_str(), Some("Succeeded" | "Failed"));
            let run = self.runs.get(key);
            let started = run.is_some_and(|run| run.started.is_some() && run.ends.is_none());
            done && run.is_some_and(|run| run.ends.is_none())
                || started && (Part::of(pod) != Some(Part::Search) || pods::is_ready(pod))
        };
        self.store.list(Kind::Pod, None).all(|(key, pod)| pod_at_rest(key, pod))
    }
}

/// What `kubectl wait --for=condition=available` waits for. The chart's strategy is Recreate, so every pod counts.
fn available(wanted: u64, ready: u64) -> Value {
    let (status, word) = if ready >= wanted { ("True", "has") } else { ("False", "does not have") };
    let reason = if ready >= wanted { "MinimumReplicasAvailable" } else { "MinimumReplicasUnavailable" };
    json!({
        "type": "Available", "status": status, "reason": reason,
        "message": format!("Deployment {word} minimum availability."),
    })
}

fn set_name(workload: &Value) -> &str {
    workload["metadata"]["name"].as_str().unwrap_or_default()
}

/// Five letters, as the API server makes up for pods.
pub(super) fn suffix() -> String {
    const ALPHABET: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";
    (0..5).map(|_| char::from(ALPHABET[usize::from(rand::random::<u8>()) % ALPHABET.len()])).collect()
}

fn delta(duration: std::time::Duration) -> TimeDelta {
    TimeDelta::from_std(duration).unwrap_or_default()
}

fn seconds(count: u64) -> TimeDelta {
    TimeDelta::try_seconds(i64::try_from(count).unwrap_or(i64::MAX)).unwrap_or(TimeDelta::MAX)
}

//! [`Packs`]: the shelf over packs.
//!
//! Looks once at what there is, and once more before it saves. Gives bytes as they come, unverified but for
//! notes: whoever takes an object hashes it.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::SystemTime,
};

use async_trait::async_trait;
use larder_remote::{Download, Remote, RemoteError};
use larder_store::ObjectId;
use tokio::sync::OnceCell;

use super::{
    PackId, PackScopes, Rules, View, collect,
    group::Group,
    look::{Seen, look},
    name, put,
};
use crate::{CollectOptions, Collected, Load, NoteName, Put, ShareError, Shelf};

/// How packs are kept and by whom.
#[derive(Debug, Clone)]
pub struct PacksOptions {
    /// Whose packs this run sees.
    pub scopes: PackScopes,
    /// When packs are read together and rewritten.
    pub rules: Rules,
    /// What time it is: orders packs and roots, and nothing else.
    pub clock: fn() -> SystemTime,
}

/// Objects of a store in packs on a remote.
pub struct Packs {
    pub(super) remote: Arc<dyn Remote>,
    pub(super) options: PacksOptions,
    looked: OnceCell<()>,
    state: Mutex<State>,
}

/// What is known so far.
#[derive(Default)]
struct State {
    view: View,
    damage: Option<ShareError>,
    /// Packs that an index named and that were not there.
    gone: HashSet<PackId>,
    /// Who is read together with whom.
    groups: HashMap<String, Arc<Group>>,
}

impl Packs {
    /// Those on this remote. Nothing is asked yet.
    pub fn new(remote: Arc<dyn Remote>, options: PacksOptions) -> Self {
        Self {
            remote,
            options,
            looked: OnceCell::new(),
            state: Mutex::default(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks, unless that was done. Of a damaged index one caller hears; the others see what else there is.
    async fn ready(&self) -> Result<(), ShareError> {
        let looking = async {
            let Seen { view, damage, .. } = look(&*self.remote, &self.options.scopes).await?;
            let mut state = self.state();
            (state.view, state.damage) = (view, damage);
            Ok::<_, ShareError>(())
        };
        self.looked.get_or_try_init(|| looking).await?;
        self.state().damage.take().map_or(Ok(()), Err)
    }

    /// What is to be read for a member, alone if nobody said that others are wanted as well.
    fn group(&self, name: &str) -> Option<Arc<Group>> {
        let mut state = self.state();
        if let Some(group) = state.groups.get(name) {
            return Some(Arc::clone(group));
        }
        let plan = state.view.restore([name], &self.options.rules);
        let group = Arc::new(Group::new(plan.reads.into_iter().next()?));
        state.groups.insert(name.to_owned(), Arc::clone(&group));
        Some(group)
    }

    /// Plans again, without a pack that is not there.
    fn lose(&self, id: PackId) {
        let mut state = self.state();
        state.gone.insert(id);
        state.view.without_pack(id);
        state.groups.retain(|_, group| group.pack() != id);
    }

    pub(super) fn gone(&self) -> HashSet<PackId> {
        self.state().gone.clone()
    }

    async fn read(&self, name: &str) -> Result<Download, ShareError> {
        while let Some(group) = self.group(name) {
            match group.open(&*self.remote, name).await {
                Err(error) if error.is_absent() => self.lose(group.pack()),
                opened => return opened,
            }
        }
        Err(ShareError::Remote(RemoteError::NotFound {
            remote: self.remote.url().to_owned(),
            object: name.to_owned(),
        }))
    }
}

#[async_trait]
impl Shelf for Packs {
    fn url(&self) -> &str {
        self.remote.url()
    }

    async fn probe(&self) -> Result<(), ShareError> {
        Ok(self.remote.probe().await?)
    }

    async fn expect(&self, wanted: &[ObjectId]) -> Result<(), ShareError> {
        // An index that is damaged hides what it lists; what others list is planned all the same.
        let ready = self.ready().await;
        let names: Vec<String> = wanted.iter().map(ToString::to_string).collect();
        let mut state = self.state();
        let names = names.iter().map(String::as_str);
        let plan = state.view.restore(names, &self.options.rules);
        for read in plan.reads {
            let names: Vec<String> = read
                .members
                .iter()
                .map(|(member, _)| member.name.clone())
                .collect();
            let group = Arc::new(Group::new(read));
            let places = names.into_iter().map(|name| (name, Arc::clone(&group)));
            state.groups.extend(places);
        }
        ready
    }

    async fn find(&self, wanted: &[ObjectId]) -> Result<BTreeMap<ObjectId, u64>, ShareError> {
        self.ready().await?;
        let state = self.state();
        let sizes = state.view.sizes();
        let found = wanted.iter().filter_map(|id| {
            let size = sizes.get(id.to_string().as_str())?;
            Some((*id, *size))
        });
        Ok(found.collect())
    }

    async fn list(&self) -> Result<BTreeMap<ObjectId, u64>, ShareError> {
        self.ready().await?;
        let state = self.state();
        let sizes = state.view.sizes().into_iter();
        let objects = sizes.filter_map(|(name, size)| Some((name.parse().ok()?, size)));
        Ok(objects.collect())
    }

    async fn open(&self, id: ObjectId) -> Result<Download, ShareError> {
        self.ready().await?;
        self.read(&id.to_string()).await
    }

    async fn note(&self, note: &NoteName) -> Result<Option<Vec<u8>>, ShareError> {
        self.ready().await?;
        let name = note.to_string();
        let Some(listed) = self.state().view.member(&name).cloned() else {
            return Ok(None);
        };
        if listed.size > NoteName::LARGEST {
            return Err(self.damaged(&name, "it is larger than any note".to_owned()));
        }
        let download = match self.read(&name).await {
            Err(error) if error.is_absent() => return Ok(None),
            download => download?,
        };
        let bytes = download
            .bytes()
            .await
            .map_err(|source| ShareError::Broken {
                remote: self.remote.url().to_owned(),
                object: name.clone(),
                source,
            })?;
        let found = name::sha256(&bytes);
        if found == listed.sha256 {
            return Ok(Some(bytes));
        }
        let problem = format!("expected sha256:{}, found sha256:{found}", listed.sha256);
        Err(self.damaged(&name, problem))
    }

    async fn put(&self, load: &Load<'_>) -> Result<Put, ShareError> {
        put::put(self, load).await
    }

    async fn collect(&self, options: &CollectOptions) -> Result<Collected, ShareError> {
        collect::collect(&*self.remote, options).await
    }
}

impl Packs {
    fn damaged(&self, object: &str, problem: String) -> ShareError {
        ShareError::Damaged {
            remote: self.remote.url().to_owned(),
            object: object.to_owned(),
            problem,
        }
    }
}

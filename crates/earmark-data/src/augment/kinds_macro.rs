//! One enum per family of augmentations, read by its `kind`: each variant is a line.

/// An enum of kinds, each holding its settings, all seen through one trait.
macro_rules! kinds {
    ($(#[$meta:meta])* pub enum $name:ident: $interface:ident { $($(#[$doc:meta])* $kind:ident($settings:ty),)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
        #[serde(tag = "kind", rename_all = "kebab-case")]
        pub enum $name { $($(#[$doc])* $kind($settings),)+ }

        impl $name {
            /// The settings of this kind, as what all kinds can do.
            pub(crate) fn kind(&self) -> &dyn $interface {
                match self { $(Self::$kind(settings) => settings,)+ }
            }
        }

        impl earmark_core::Check for $name {
            fn check(&self) -> Result<(), earmark_core::ConfigError> {
                earmark_core::Check::check(self.kind())
            }
        }
    };
}

pub(super) use kinds;
